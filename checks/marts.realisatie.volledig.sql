-- description: Elk kwartaal en gebied uit de laatste levering van UWV staat in de tabel.
-- severity: block
-- notify: [datateam]
-- explain: 'Er {ontbreekt|ontbreken} {aantal} kwartalen of gebieden uit de laatste levering van UWV.'
-- action: 'Verbeter het model: elk kwartaal en elk gebied uit de levering hoort in de tabel. Tot die tijd blijven de vorige cijfers staan.'
with
laatste as (
    select max(peildatum) as peildatum
    from staging.uwv_trend
),
geleverd as (
    select distinct t.kwartaal, t.gebied
    from staging.uwv_trend as t
    inner join laatste as l on l.peildatum = t.peildatum
)
select g.kwartaal, g.gebied
from geleverd as g
left join marts.realisatie as r on r.kwartaal = g.kwartaal and r.gebied = g.gebied
where r.kwartaal is null
