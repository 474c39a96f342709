-- description: Wie er sinds de vorige stand bij kwam en wegging in het doelgroepregister, per gemeente en categorie.
-- grain: [peildatum, gemeentecode, categorie]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan. De eerste stand heeft geen regels, want daarvoor is er niets om mee te vergelijken.
--   gemeentecode: Gemeente volgens het register. GM9998 is Buiten de regio, GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   categorie: WAJONG, WSW_WIW_ID of PARTICIPATIEWET. ONBEKEND als geen grondslag van de persoon bekend is.
--   vorige_stand: {description: 'Aantal personen op de vorige peildatum van het register.', unit: personen}
--   instroom: {description: 'Aantal personen dat nu in het register staat en op de vorige peildatum niet.', unit: personen}
--   uitstroom: {description: 'Aantal personen dat op de vorige peildatum in het register stond en nu niet.', unit: personen}
--   wissel_in: {description: 'Aantal personen dat op beide peildata in het register staat en uit een andere gemeente of categorie komt.', unit: personen}
--   wissel_uit: {description: 'Aantal personen dat op beide peildata in het register staat en naar een andere gemeente of categorie ging.', unit: personen}
--   stand: {description: 'Aantal personen nu. Gelijk aan vorige stand + instroom - uitstroom + wissel in - wissel uit.', unit: personen}
with
vergelijking as (
    -- a delivery is never without records, so only the first stand has nothing before it
    select count(*) > 0 as kan
    from staging.doelgroepregister__vorige
),
categorieen as (
    select 'WAJONG' as categorie
    union all
    select 'WSW_WIW_ID'
    union all
    select 'PARTICIPATIEWET'
),
personen as (
    select
        v.persoon_id is not null as was_er,
        n.persoon_id is not null as is_er,
        v.gemeentecode as van_gemeentecode,
        v.gemeente as van_gemeente,
        v.categorie as van_categorie,
        n.gemeentecode as naar_gemeentecode,
        n.gemeente as naar_gemeente,
        n.categorie as naar_categorie,
        v.gemeentecode <> n.gemeentecode or v.categorie <> n.categorie as wisselt
    from core.doelgroep__vorige as v
    full join core.doelgroep as n on n.persoon_id = v.persoon_id
),
geteld as (
    select
        van_gemeentecode as gemeentecode,
        van_gemeente as gemeente,
        van_categorie as categorie,
        true as vorig,
        not is_er as stroomt,
        coalesce(wisselt, false) as wisselt
    from personen
    where was_er
    union all
    select
        naar_gemeentecode,
        naar_gemeente,
        naar_categorie,
        false,
        not was_er,
        coalesce(wisselt, false)
    from personen
    where is_er
),
regels as (
    select g.gemeentecode, g.gemeente, c.categorie
    from staging.gemeenten as g
    cross join categorieen as c
    where g.in_regio
        and (g.geldig_vanaf is null or g.geldig_vanaf <= getvariable('peildatum')::date)
        and (g.geldig_tot is null or g.geldig_tot > getvariable('peildatum')::date)
    union
    select gemeentecode, gemeente, categorie
    from geteld
)
select
    getvariable('peildatum')::date as peildatum,
    r.gemeentecode,
    r.gemeente,
    r.categorie,
    count(*) filter (where t.vorig) as vorige_stand,
    count(*) filter (where not t.vorig and t.stroomt) as instroom,
    count(*) filter (where t.vorig and t.stroomt) as uitstroom,
    count(*) filter (where not t.vorig and t.wisselt) as wissel_in,
    count(*) filter (where t.vorig and t.wisselt) as wissel_uit,
    count(*) filter (where not t.vorig) as stand
from regels as r
inner join vergelijking as v on v.kan
left join geteld as t on t.gemeentecode = r.gemeentecode and t.categorie = r.categorie
group by r.gemeentecode, r.gemeente, r.categorie
