-- description: De eigen regio komt voor in de kwartaalcijfers.
-- severity: alarm
-- notify: [supplier, sturing, datateam]
-- explain: 'De eigen regio komt niet voor in de kwartaalcijfers van UWV van {peildatum}.'
-- action: 'Vraag UWV om de kwartaalcijfers met de eigen regio erin, of zet de naam waaronder de regio erin staat in het model. De realisatie van het nieuwe kwartaal ontbreekt nu.'
with
gebieden as (
    select distinct lower(trim(gebied)) as gebied
    from staging.uwv_trend
)
select r.gebied
from ref.regio as r
left join gebieden as g on g.gebied = lower(r.gebied)
where g.gebied is null
