-- description: Hoeveel personen uit het doelgroepregister elke stap op weg naar werk hebben gezet, per gemeente.
-- grain: [peildatum, gemeentecode, stap]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   gemeentecode: Gemeente volgens het register. GM9998 is Buiten de regio, GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   stap: in_register, in_sonar, met_klantprofiel, zichtbaar, werkfit of geplaatst.
--   volgorde: {description: 'Plaats van de stap, 1 tot en met 6.', unit: rangnummer}
--   personen: {description: 'Aantal personen in het register voor wie deze stap geldt, ook als een eerdere stap niet geldt.', unit: personen}
--   personen_cumulatief: {description: 'Aantal personen in het register voor wie deze stap en alle eerdere stappen gelden.', unit: personen}
with
stappen as (
    select 1 as volgorde, 'in_register' as stap
    union all
    select 2, 'in_sonar'
    union all
    select 3, 'met_klantprofiel'
    union all
    select 4, 'zichtbaar'
    union all
    select 5, 'werkfit'
    union all
    select 6, 'geplaatst'
),
gemeenten as (
    select gemeentecode, gemeente
    from staging.gemeenten
    where in_regio
        and (geldig_vanaf is null or geldig_vanaf <= getvariable('peildatum')::date)
        and (geldig_tot is null or geldig_tot > getvariable('peildatum')::date)
    union
    select gemeentecode, gemeente
    from core.doelgroep_in_beeld
),
gezet as (
    select
        d.gemeentecode,
        s.volgorde,
        case s.stap
            when 'in_register' then true
            when 'in_sonar' then d.in_sonar
            when 'met_klantprofiel' then d.heeft_klantprofiel
            when 'zichtbaar' then d.is_zichtbaar
            when 'werkfit' then d.is_werkfit
            when 'geplaatst' then d.is_geplaatst
        end as gezet,
        s.volgorde < case
            when not d.in_sonar then 2
            when not d.heeft_klantprofiel then 3
            when not d.is_zichtbaar then 4
            when not d.is_werkfit then 5
            when not d.is_geplaatst then 6
            else 7
        end as alles_gezet
    from core.doelgroep_in_beeld as d
    cross join stappen as s
),
geteld as (
    select
        gemeentecode,
        volgorde,
        count(*) filter (where gezet) as personen,
        count(*) filter (where alles_gezet) as personen_cumulatief
    from gezet
    group by gemeentecode, volgorde
)
select
    getvariable('peildatum')::date as peildatum,
    g.gemeentecode,
    g.gemeente,
    s.stap,
    s.volgorde,
    coalesce(t.personen, 0) as personen,
    coalesce(t.personen_cumulatief, 0) as personen_cumulatief
from gemeenten as g
cross join stappen as s
left join geteld as t on t.gemeentecode = g.gemeentecode and t.volgorde = s.volgorde
