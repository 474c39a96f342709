-- description: De banen van alle plaatsingen die op de peildatum lopen samen, één regel per peildatum.
-- grain: [peildatum]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de levering van plaatsingen gaat.
--   lopende_plaatsingen: Aantal plaatsingen dat op de peildatum loopt.
--   uren_voor_banen: Som van de uren per week van die plaatsingen, zonder beschut werk, niet afgerond. Een baan is 25,5 uur.
select
    getvariable('peildatum')::date as peildatum,
    count(*) filter (where lopend) as lopende_plaatsingen,
    coalesce(sum(uren_per_week) filter (where lopend and soort_dienstverband <> 'BESCHUT'), 0)
        as uren_voor_banen
from core.plaatsingen
