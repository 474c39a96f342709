-- description: Bezoek per wijk.
-- grain: [peildatum, wijk]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   wijk: Code van de wijk.
--   leden: Aantal leden.
--   bezoekers: Leden die kwamen.
--   minuten: Minuten in het water.
select
    getvariable('peildatum')::date as peildatum,
    wijk,
    count(*) as leden,
    sum((bezoeken > 0)::int)::bigint as bezoekers,
    sum(minuten)::bigint as minuten
from core.bezoekers
group by wijk
