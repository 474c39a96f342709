-- description: Klanten in Sonar met en zonder klantprofiel, voor de hele regio en per uitvoeringsdienst.
-- grain: [peildatum, gebied, klant_van]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   gebied: De regio (iedereen in Sonar) of een uitvoeringsdienst. Onbekend is iedereen buiten de gemeenten van de regio.
--   klant_van: Wie de klant begeleidt, GEMEENTE of UWV. ALLE is de som.
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
    union all
    select 'ALLE'
),
klanten_per_gebied as (
    select
        uitvoeringsdienst as gebied,
        klant_van,
        heeft_klantprofiel,
        is_zichtbaar,
        is_vindbaar
    from core.klanten
    union all
    select r.gebied, k.klant_van, k.heeft_klantprofiel, k.is_zichtbaar, k.is_vindbaar
    from core.klanten as k
    cross join ref.regio as r
),
geteld as (
    select
        k.gebied,
        s.klant_van,
        count(*) filter (where k.heeft_klantprofiel) as met_profiel,
        count(*) as totaal,
        count(*) filter (where k.is_zichtbaar) as zichtbaar,
        count(*) filter (where k.is_vindbaar) as vindbaar
    from klanten_per_gebied as k
    inner join soorten as s on s.klant_van = k.klant_van or s.klant_van = 'ALLE'
    group by k.gebied, s.klant_van
),
gebieden as (
    select gebied
    from ref.regio
    union
    select uitvoeringsdienst
    from staging.gemeenten
    where in_regio
        and (geldig_vanaf is null or geldig_vanaf <= getvariable('peildatum')::date)
        and (geldig_tot is null or geldig_tot > getvariable('peildatum')::date)
),
regels as (
    select g.gebied, s.klant_van
    from gebieden as g
    cross join soorten as s
    union
    select gebied, klant_van
    from geteld
)
select
    getvariable('peildatum')::date as peildatum,
    r.gebied,
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
left join geteld as t on t.gebied = r.gebied and t.klant_van = r.klant_van
