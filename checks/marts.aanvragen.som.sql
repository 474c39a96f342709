-- description: De regels samen tellen elke aanvraag uit de laatste levering.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som van de regels niet gelijk aan het aantal aanvragen in de levering.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
regels as (
    select coalesce(sum(aanvragen), 0) as aanvragen
    from marts.aanvragen
),
geleverd as (
    select count(*) as aanvragen
    from staging.aanvragen
)
select r.aanvragen
from regels as r
cross join geleverd as g
where r.aanvragen <> g.aanvragen
