-- description: Klanten van gemeenten die nog geen klantprofiel hebben, per uitvoeringsdienst, met de uren die de dienst ervoor heeft.
-- grain: [peildatum, uitvoeringsdienst]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   uitvoeringsdienst: Dienst van de gemeente van de klant volgens Sonar. Onbekend is iedereen buiten de gemeenten van de regio.
--   gemeenteklanten: {description: 'Aantal klanten in Sonar die de gemeente begeleidt.', unit: personen}
--   zonder_profiel: {description: 'Aantal van deze klanten zonder klantprofiel.', unit: personen}
--   zonder_profiel_30_dagen: {description: 'Aantal klanten zonder klantprofiel met een registratie in het doelgroepregister die op de peildatum geldt en langer dan 30 dagen geleden begon.', unit: personen}
--   uren_per_week: {description: 'Uren per week die de dienst in 2017 voor de registratie had, twee decimalen. Leeg als dat niet bekend is.', unit: uren per week}
--   zonder_profiel_per_uur: {description: 'Klanten zonder klantprofiel gedeeld door de uren per week, twee decimalen. Leeg als de uren niet bekend zijn.', unit: personen per uur per week}
with
geteld as (
    select
        k.uitvoeringsdienst,
        count(*) as gemeenteklanten,
        count(*) filter (where not k.heeft_klantprofiel) as zonder_profiel,
        count(*) filter (
            where not k.heeft_klantprofiel and d.in_register_sinds < k.peildatum - 30
        ) as zonder_profiel_30_dagen
    from core.klanten as k
    left join core.doelgroep as d on d.persoon_id = k.persoon_id
    where k.klant_van = 'GEMEENTE'
    group by k.uitvoeringsdienst
),
regels as (
    select uitvoeringsdienst
    from staging.gemeenten
    where in_regio
        and (geldig_vanaf is null or geldig_vanaf <= getvariable('peildatum')::date)
        and (geldig_tot is null or geldig_tot > getvariable('peildatum')::date)
    union
    select uitvoeringsdienst
    from geteld
),
capaciteit as (
    select uitvoeringsdienst, uren_per_week::decimal(12, 2) as uren_per_week
    from ref.capaciteit_uitvoeringsdiensten_2017
)
select
    getvariable('peildatum')::date as peildatum,
    r.uitvoeringsdienst,
    coalesce(t.gemeenteklanten, 0) as gemeenteklanten,
    coalesce(t.zonder_profiel, 0) as zonder_profiel,
    coalesce(t.zonder_profiel_30_dagen, 0) as zonder_profiel_30_dagen,
    c.uren_per_week,
    -- whole hundredths, rounded half up, in integers: a quotient of decimals would be a DOUBLE
    (
        (20000 * coalesce(t.zonder_profiel, 0) + (c.uren_per_week * 100)::bigint)
        // nullif(2 * (c.uren_per_week * 100)::bigint, 0) * 0.01
    )::decimal(12, 2) as zonder_profiel_per_uur
from regels as r
left join geteld as t on t.uitvoeringsdienst = r.uitvoeringsdienst
left join capaciteit as c on c.uitvoeringsdienst = r.uitvoeringsdienst
