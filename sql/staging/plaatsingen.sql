-- description: Plaatsingen bij werkgevers, met de gemeente herkend aan de naam.
-- grain: [peildatum, plaatsing_id]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de levering gaat.
--   persoon_id: Pseudoniem van de persoon.
--   gemeentecode: Gemeente waarin de regel telt. GM9998 is Buiten de regio, GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   gemeente_bron: Naam zoals de leverancier die schrijft.
--   plaatsing_id: Kenmerk van de plaatsing bij de leverancier.
--   begindatum: Eerste dag van het dienstverband.
--   einddatum: Laatste dag van het dienstverband. Leeg als er geen einde bekend is.
--   uren_per_week: Uren per week volgens het contract.
with
bron as (
    select
        *,
        regexp_replace(lower(trim(gemeente_bron)), '^(gem\.|gemeente\s)\s*', '') as zoeknaam
    from raw.plaatsingen
)
select
    getvariable('peildatum')::date as peildatum,
    b.plaatsing_id,
    b.persoon_id,
    coalesce(n.gemeentecode, 'GM9999') as gemeentecode,

    coalesce(g.gemeente, 'Onbekend') as gemeente,
    b.gemeente_bron,
    b.soort_dienstverband,
    b.sector,
    b.bemiddeld_door,
    b.reden_einde,

    b.loonkostensubsidie,
    b.jobcoach,
    b.no_riskpolis,
    b.proefplaatsing,

    b.uren_per_week,
    b.verloonde_uren_maand,

    b.begindatum,
    b.einddatum
from bron as b
left join staging.gemeente_namen as n on n.zoeknaam = b.zoeknaam
left join staging.gemeenten as g on g.gemeentecode = n.gemeentecode
