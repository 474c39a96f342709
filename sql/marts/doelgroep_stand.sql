-- description: Personen in het doelgroepregister, per gemeente en categorie. Iedereen telt één keer.
-- grain: [peildatum, gemeentecode, categorie]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   gemeentecode: Gemeente volgens het register. GM9998 is Buiten de regio, GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   categorie: WAJONG, WSW_WIW_ID of PARTICIPATIEWET. ONBEKEND als geen grondslag van de persoon bekend is.
--   verantwoordelijke: Wie deze personen aan werk helpt, UWV of GEMEENTE. ONBEKEND als de categorie dat is.
--   personen: {description: 'Aantal personen met een registratie die op de peildatum geldt.', unit: personen}
with
categorieen as (
    select 'WAJONG' as categorie, 'UWV' as verantwoordelijke
    union all
    select 'WSW_WIW_ID', 'GEMEENTE'
    union all
    select 'PARTICIPATIEWET', 'GEMEENTE'
),
regels as (
    select g.gemeentecode, g.gemeente, c.categorie, c.verantwoordelijke
    from staging.gemeenten as g
    cross join categorieen as c
    where g.in_regio
        and (g.geldig_vanaf is null or g.geldig_vanaf <= getvariable('peildatum')::date)
        and (g.geldig_tot is null or g.geldig_tot > getvariable('peildatum')::date)
    union
    select gemeentecode, gemeente, categorie, verantwoordelijke
    from core.doelgroep
),
geteld as (
    select gemeentecode, categorie, count(*) as personen
    from core.doelgroep
    group by gemeentecode, categorie
)
select
    getvariable('peildatum')::date as peildatum,
    r.gemeentecode,
    r.gemeente,
    r.categorie,
    r.verantwoordelijke,
    coalesce(t.personen, 0) as personen
from regels as r
left join geteld as t on t.gemeentecode = r.gemeentecode and t.categorie = r.categorie
