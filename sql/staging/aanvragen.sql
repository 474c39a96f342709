-- description: Aanvragen voor het doelgroepregister, met de gemeente herkend aan de naam.
-- grain: [peildatum, aanvraag_id]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de levering gaat.
--   aanvraag_id: Kenmerk van de aanvraag bij de leverancier.
--   persoon_id: Pseudoniem van de persoon.
--   gemeentecode: Gemeente waarin de regel telt. GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   gemeente_bron: Naam zoals de leverancier die schrijft.
--   indiener: Wie de aanvraag deed, GEMEENTE of INWONER.
--   route: AANVRAAG, PRAKTIJKROUTE of AUTOMATISCH. Leeg als het niet is ingevuld.
--   uitkomst: TOEGEKEND, AFGEWEZEN, IN_BEHANDELING of INGETROKKEN. Leeg als het niet is ingevuld.
--   aangevraagd_op: Dag van de aanvraag.
--   beslist_op: Dag van de beslissing. Leeg als die er nog niet is.
with
bron as (
    select
        *,
        regexp_replace(lower(trim(gemeente_bron)), '^(gem\.|gemeente\s)\s*', '') as zoeknaam
    from raw.aanvragen
)
select
    getvariable('peildatum')::date as peildatum,
    b.aanvraag_id,
    b.persoon_id,
    coalesce(n.gemeentecode, 'GM9999') as gemeentecode,

    coalesce(g.gemeente, 'Onbekend') as gemeente,
    b.gemeente_bron,
    b.indiener,
    b.route,
    b.uitkomst,

    b.aangevraagd_op,
    b.beslist_op
from bron as b
left join staging.gemeente_namen as n on n.zoeknaam = b.zoeknaam
left join staging.gemeenten as g on g.gemeentecode = n.gemeentecode
