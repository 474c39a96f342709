-- description: De gemeenten samen tellen elke cliënt, en elke cliënt in het register.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som over de gemeenten niet gelijk aan het aantal cliënten.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
gemeenten as (
    select
        coalesce(sum(clienten), 0) as clienten,
        coalesce(sum(al_in_register), 0) as al_in_register
    from marts.screening
),
geleverd as (
    select count(*) as clienten
    from staging.clientenbestand
),
in_register as (
    select count(*) as clienten
    from staging.clientenbestand as c
    inner join core.doelgroep as d on d.persoon_id = c.persoon_id
)
select g.clienten, g.al_in_register
from gemeenten as g
cross join geleverd as l
cross join in_register as r
where g.clienten <> l.clienten or g.al_in_register <> r.clienten
