-- description: Verloop van de leden per wijk.
-- grain: [peildatum, wijk]
-- per: peildatum
-- tags: [leden]
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   wijk: Code van de wijk.
--   nieuw: Leden die erbij kwamen.
--   weg: Leden die weggingen.
--   terug: Nieuwe leden die de vorige keer weggingen.
select
    getvariable('peildatum')::date as peildatum,
    v.wijk,
    sum(v.nieuw::int)::bigint as nieuw,
    sum(v.weg::int)::bigint as weg,
    count(t.persoon_id) as terug
from core.verloop as v
left join core.terug as t on t.persoon_id = v.persoon_id
group by v.wijk
