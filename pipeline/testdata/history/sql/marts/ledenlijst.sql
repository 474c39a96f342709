-- description: De leden van de laatste levering.
-- grain: [persoon_id]
-- per: laatste
-- peildata: [leden]
-- intern: true
-- columns:
--   persoon_id: Pseudoniem van het lid.
--   peildatum: Datum waarover de laatste levering gaat.
--   wijk: Code van de wijk.
--   minuten: Minuten in het water.
select
    l.persoon_id,
    getvariable('peildatum')::date as peildatum,
    l.wijk,
    coalesce(sum(b.minuten), 0)::bigint as minuten
from staging.leden as l
left join staging.bezoeken as b on b.persoon_id = l.persoon_id
group by l.persoon_id, l.wijk
