-- description: Klanten in Sonar met en zonder klantprofiel, per gemeente en apart voor klanten van de gemeente en van UWV.
-- grain: [peildatum, gemeentecode, klant_van]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   gemeentecode: Gemeente volgens Sonar. GM9998 is Buiten de regio, GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   klant_van: Wie de klant begeleidt, GEMEENTE of UWV.
--   met_profiel: {description: 'Aantal klanten met een klantprofiel.', unit: personen}
--   zonder_profiel: {description: 'Aantal klanten zonder klantprofiel.', unit: personen}
--   totaal: {description: 'Aantal klanten in Sonar, met en zonder klantprofiel samen.', unit: personen}
--   dekking_pct: {description: 'Profieldekking. Aandeel met klantprofiel van alle klanten in Sonar in deze regel, 0 tot en met 100, één decimaal. Leeg als er geen klanten zijn.', unit: procent, denominator: 'totaal: alle klanten in Sonar in deze regel'}
--   zichtbaar: {description: 'Aantal klanten dat werkgevers zien in de kandidatenverkenner, met of zonder klantprofiel. Niet ingevuld telt als nee.', unit: personen}
--   vindbaar: {description: 'Aantal klanten met een klantprofiel waarin opleiding, beroep, reisafstand, uren en sector zijn ingevuld.', unit: personen}
with
soorten as (
    select 'GEMEENTE' as klant_van
    union all
    select 'UWV'
),
regels as (
    select g.gemeentecode, g.gemeente, s.klant_van
    from staging.gemeenten as g
    cross join soorten as s
    where g.in_regio
        and (g.geldig_vanaf is null or g.geldig_vanaf <= getvariable('peildatum')::date)
        and (g.geldig_tot is null or g.geldig_tot > getvariable('peildatum')::date)
    union
    select gemeentecode, gemeente, klant_van
    from core.klanten
),
geteld as (
    select
        gemeentecode,
        klant_van,
        count(*) filter (where heeft_klantprofiel) as met_profiel,
        count(*) as totaal,
        count(*) filter (where is_zichtbaar) as zichtbaar,
        count(*) filter (where is_vindbaar) as vindbaar
    from core.klanten
    group by gemeentecode, klant_van
)
select
    getvariable('peildatum')::date as peildatum,
    r.gemeentecode,
    r.gemeente,
    r.klant_van,
    coalesce(t.met_profiel, 0) as met_profiel,
    coalesce(t.totaal - t.met_profiel, 0) as zonder_profiel,
    coalesce(t.totaal, 0) as totaal,
    -- whole tenths, rounded half up, in integers: a quotient of decimals would be a DOUBLE
    ((2000 * t.met_profiel + t.totaal) // nullif(2 * t.totaal, 0) * 0.1)::decimal(5, 1)
        as dekking_pct,
    coalesce(t.zichtbaar, 0) as zichtbaar,
    coalesce(t.vindbaar, 0) as vindbaar
from regels as r
left join geteld as t on t.gemeentecode = r.gemeentecode and t.klant_van = r.klant_van
