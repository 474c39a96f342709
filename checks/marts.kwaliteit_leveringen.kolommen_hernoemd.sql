-- description: Kolommen die in de laatste aanvaarde levering van een bron anders heten dan afgesproken, onder een naam die bekend is.
-- severity: info
-- per: [bron, kolommen]
-- notify: [supplier, datateam]
-- explain: 'In de laatste levering van {bron} heten kolommen anders dan afgesproken: {kolommen}. Tussen haakjes staat de afgesproken naam. Zij zijn gewoon geladen.'
select bron, kolommen_hernoemd as kolommen, levering
from marts.kwaliteit_leveringen
where is_laatste
    and kolommen_hernoemd is not null
    and not list_contains(string_split(coalesce(toegestaan, ''), '; '), 'hernoemd')
