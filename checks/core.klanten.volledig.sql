-- description: Elke klant in Sonar telt mee.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is het aantal klanten niet gelijk aan het aantal in de levering van Sonar.'
-- action: 'Verbeter het model core.klanten: elke klant in Sonar telt precies één keer. Tot die tijd blijven de vorige cijfers staan.'
with
klanten as (
    select count(*) as aantal
    from core.klanten
),
geleverd as (
    select count(*) as aantal
    from staging.sonar
)
select k.aantal
from klanten as k
cross join geleverd as g
where k.aantal <> g.aantal
