-- description: Kolommen die in de laatste aanvaarde levering van een bron veel vaker leeg of gevuld zijn, of anders zijn geschreven, dan in de levering daarvoor.
-- severity: info
-- per: [bron, kolommen]
-- notify: [supplier, datateam]
-- explain: 'De laatste levering van {bron} is anders ingevuld of geschreven dan de vorige: {kolommen}. Dat mag. Is het niet zo bedoeld, kijk dan of het bestand goed is gemaakt.'
with
laatste as (
    select
        bron,
        levering,
        string_split(aandelen_anders, '; ') as kolommen,
        string_split(coalesce(toegestaan, ''), '; ') as toegestaan
    from marts.kwaliteit_leveringen
    where is_laatste and aandelen_anders is not null
),

te_melden as (
    select
        bron,
        levering,
        list_filter(kolommen, kolom -> not list_contains(toegestaan, 'aandelen ' || split_part(kolom, ': ', 1))) as kolommen
    from laatste
    where not list_contains(toegestaan, 'aandelen')
)
select
    bron,
    regexp_replace(array_to_string(kolommen, '; '), ' \(\d+% → \d+%\)', '', 'g') as kolommen,
    levering
from te_melden
where len(kolommen) > 0
