-- description: Uren dicht per wijk, over alle leveringen en in de laatste.
-- grain: [wijk]
-- columns:
--   wijk: Code van de wijk.
--   uren: Uren dicht over alle leveringen.
--   leveringen: Hoe vaak de storingen zijn geleverd.
--   nu: Uren dicht in de laatste levering.
with
nu as (
    select wijk, sum(uren) as uren
    from raw.storingen
    group by wijk
)
select
    s.wijk,
    sum(s.uren)::decimal(12, 2) as uren,
    sum(s.leveringen)::bigint as leveringen,
    max(n.uren)::decimal(12, 2) as nu
from core.storingen as s
left join nu as n on n.wijk = s.wijk
group by s.wijk
