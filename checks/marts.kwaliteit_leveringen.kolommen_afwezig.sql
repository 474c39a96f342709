-- description: Kolommen die mogen ontbreken en die in de laatste aanvaarde levering van een bron ontbreken.
-- severity: info
-- per: [bron, kolommen]
-- notify: [supplier, datateam]
-- explain: 'In de laatste levering van {bron} ontbreken deze kolommen: {kolommen}. Dat mag, maar de gegevens zijn dan leeg.'
with
laatste as (
    select
        bron,
        levering,
        string_split(kolommen_afwezig, '; ') as kolommen,
        string_split(coalesce(toegestaan, ''), '; ') as toegestaan
    from marts.kwaliteit_leveringen
    where is_laatste and kolommen_afwezig is not null
),

te_melden as (
    select
        bron,
        levering,
        list_filter(kolommen, kolom -> not list_contains(toegestaan, 'afwezig ' || kolom)) as kolommen
    from laatste
    where not list_contains(toegestaan, 'afwezig')
)
select bron, array_to_string(kolommen, '; ') as kolommen, levering
from te_melden
where len(kolommen) > 0
