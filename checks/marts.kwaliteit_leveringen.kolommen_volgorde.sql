-- description: De laatste aanvaarde levering van een bron heeft de kolommen in een andere volgorde dan afgesproken.
-- severity: info
-- per: bron
-- notify: [supplier, datateam]
-- explain: 'In de laatste levering van {bron} staan de kolommen in een andere volgorde dan afgesproken. Dat is geen fout: kolommen worden op naam gelezen.'
select bron, levering
from marts.kwaliteit_leveringen
where is_laatste
    and volgorde_anders
    and not list_contains(string_split(coalesce(toegestaan, ''), '; '), 'volgorde')
