-- description: Aantal leden per wijk.
-- grain: [peildatum, wijk]
-- per: peildatum
-- tags: [leden, stand]
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   wijk: Code van de wijk. X is onbekend.
--   naam: Naam van de wijk.
--   leden: Aantal leden.
--   jaar: Leden met een jaarabonnement.
select
    getvariable('peildatum')::date as peildatum,
    l.wijk,
    coalesce(w.naam, 'Onbekend') as naam,
    count(*) as leden,
    count(*) filter (where l.soort = 'JAAR') as jaar
from staging.leden as l
left join ref.wijken as w on w.wijk = l.wijk
group by l.wijk, w.naam
