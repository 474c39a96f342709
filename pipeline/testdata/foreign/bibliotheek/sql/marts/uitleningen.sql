-- description: Uitgeleende exemplaren per vestiging.
-- grain: [peildatum, vestiging]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   vestiging: Code van de vestiging.
--   naam: Naam van de vestiging.
--   uitgeleend: Aantal uitgeleende exemplaren.
--   boete: Som van de boetes in euro's.
select
    getvariable('peildatum')::date as peildatum,
    v.vestiging,
    v.naam,
    count(u.exemplaar) as uitgeleend,
    coalesce(sum(u.boete), 0)::decimal(12, 2) as boete
from ref.vestigingen as v
left join raw.uitleningen as u on u.vestiging = v.vestiging
group by v.vestiging, v.naam
