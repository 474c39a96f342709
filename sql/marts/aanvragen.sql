-- description: Aanvragen voor het doelgroepregister uit de laatste levering, per kwartaal, gemeente, indiener en route.
-- grain: [kwartaal, gemeentecode, indiener, route]
-- per: laatste
-- peildata: [aanvragen]
-- columns:
--   kwartaal: Kwartaal van de aanvraag, zoals 2020-Q4.
--   gemeentecode: Gemeente van de aanvraag. GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   indiener: Wie de aanvraag deed, GEMEENTE of INWONER.
--   route: AANVRAAG, PRAKTIJKROUTE of AUTOMATISCH. ONBEKEND als het niet is ingevuld.
--   aanvragen: {description: 'Aantal aanvragen.', unit: aanvragen}
--   toegekend: {description: 'Aantal aanvragen dat is toegekend.', unit: aanvragen}
--   afgewezen: {description: 'Aantal aanvragen dat is afgewezen.', unit: aanvragen}
--   in_behandeling: {description: 'Aantal aanvragen dat nog wordt behandeld.', unit: aanvragen}
--   ingetrokken: {description: 'Aantal aanvragen dat is ingetrokken.', unit: aanvragen}
--   uitkomst_onbekend: {description: 'Aantal aanvragen waarvan de uitkomst niet is ingevuld.', unit: aanvragen}
--   doorlooptijd_mediaan_dagen: {description: 'Dagen van aanvraag tot beslissing, de middelste waarde, één decimaal. Alleen van aanvragen met een dag van beslissing; leeg als die er niet zijn.', unit: dagen}
with
geteld as (
    select
        year(aangevraagd_op) || '-Q' || quarter(aangevraagd_op) as kwartaal,
        gemeentecode,
        gemeente,
        indiener,
        coalesce(route, 'ONBEKEND') as route,
        count(*) as aanvragen,
        count(*) filter (where uitkomst = 'TOEGEKEND') as toegekend,
        count(*) filter (where uitkomst = 'AFGEWEZEN') as afgewezen,
        count(*) filter (where uitkomst = 'IN_BEHANDELING') as in_behandeling,
        count(*) filter (where uitkomst = 'INGETROKKEN') as ingetrokken,
        count(*) filter (where uitkomst is null) as uitkomst_onbekend,
        list_sort(list(beslist_op - aangevraagd_op) filter (where beslist_op is not null)) as dagen
    from staging.aanvragen
    group by kwartaal, gemeentecode, gemeente, indiener, coalesce(route, 'ONBEKEND')
)
select
    kwartaal,
    gemeentecode,
    gemeente,
    indiener,
    route,
    aanvragen,
    toegekend,
    afgewezen,
    in_behandeling,
    ingetrokken,
    uitkomst_onbekend,
    -- the mean of the two in the middle, which are one and the same of an odd number
    ((dagen[(len(dagen) + 1) // 2] + dagen[len(dagen) // 2 + 1]) * 0.5)::decimal(12, 1)
        as doorlooptijd_mediaan_dagen
from geteld
