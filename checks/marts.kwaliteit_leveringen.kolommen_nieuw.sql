-- description: Kolommen in de laatste aanvaarde levering van een bron die niet zijn afgesproken.
-- severity: info
-- per: [bron, kolommen]
-- notify: [supplier, datateam]
-- explain: 'In de laatste levering van {bron} staan kolommen die niet zijn afgesproken: {kolommen}. Zij zijn niet geladen.'
select bron, kolommen_nieuw as kolommen, levering
from marts.kwaliteit_leveringen
where is_laatste
    and kolommen_nieuw is not null
    and not list_contains(string_split(coalesce(toegestaan, ''), '; '), 'nieuw')
