-- description: Plaatsingen die op de peildatum lopen, per gemeente, sector en soort dienstverband.
-- grain: [peildatum, gemeentecode, sector, soort_dienstverband]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   gemeentecode: Gemeente van de plaatsing. GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   sector: Sector van de werkgever, OVERHEID of MARKT.
--   soort_dienstverband: REGULIER, UITZEND, DETACHERING, PAYROLL, WSW_BW of BESCHUT.
--   lopende_plaatsingen: {description: 'Aantal plaatsingen dat op de peildatum loopt.', unit: plaatsingen}
--   personen: {description: 'Aantal personen met zo''n plaatsing. Wie in twee regels werkt, telt in elke regel één keer.', unit: personen}
--   uren_per_week: {description: 'Som van de uren per week volgens het contract, twee decimalen.', unit: uren per week}
--   banen: {description: 'Uren per week gedeeld door 25,5, twee decimalen. Beschut werk telt als 0.', unit: banen}
--   met_loonkostensubsidie: {description: 'Aantal plaatsingen waarvoor de werkgever loonkostensubsidie krijgt.', unit: plaatsingen}
--   met_jobcoach: {description: 'Aantal plaatsingen met een jobcoach.', unit: plaatsingen}
--   met_no_riskpolis: {description: 'Aantal plaatsingen waarvoor de no-riskpolis geldt.', unit: plaatsingen}
--   op_proef: {description: 'Aantal proefplaatsingen.', unit: plaatsingen}
with
geteld as (
    select
        peildatum,
        gemeentecode,
        gemeente,
        sector,
        soort_dienstverband,
        count(*) as lopende_plaatsingen,
        count(distinct persoon_id) as personen,
        sum(uren_per_week) as uren,
        count(*) filter (where loonkostensubsidie) as met_loonkostensubsidie,
        count(*) filter (where jobcoach) as met_jobcoach,
        count(*) filter (where no_riskpolis) as met_no_riskpolis,
        count(*) filter (where proefplaatsing) as op_proef
    from core.plaatsingen
    where lopend
    group by peildatum, gemeentecode, gemeente, sector, soort_dienstverband
)
select
    peildatum,
    gemeentecode,
    gemeente,
    sector,
    soort_dienstverband,
    lopende_plaatsingen,
    personen,
    -- round() of a decimal is exact; a cast alone would cut off. What does not fit becomes NULL.
    try_cast(round(uren, 2) as decimal(12, 2)) as uren_per_week,
    case
        when soort_dienstverband = 'BESCHUT' then 0
        -- hundredths of a baan, rounded half up, in integers: one is 255.000 millionths of an hour
        else try_cast(
            sign(uren)::hugeint * (
                ((abs(uren)::decimal(38, 6) * 1000000)::hugeint * 2 + 255000) // 510000
            ) * 0.01::decimal(12, 2)
            as decimal(12, 2)
        )
    end::decimal(12, 2) as banen,
    met_loonkostensubsidie,
    met_jobcoach,
    met_no_riskpolis,
    op_proef
from geteld
