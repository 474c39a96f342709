-- description: Cliënten van de Participatiewet, met de gemeente herkend aan de naam.
-- grain: [peildatum, persoon_id]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de levering gaat.
--   persoon_id: Pseudoniem van de persoon.
--   gemeentecode: Gemeente waarin de regel telt. GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   gemeente_bron: Naam zoals de leverancier die schrijft.
--   ingestroomd_op: Eerste dag als cliënt. Leeg als het niet is ingevuld.
with
bron as (
    select
        *,
        regexp_replace(lower(trim(gemeente_bron)), '^(gem\.|gemeente\s)\s*', '') as zoeknaam
    from raw.clientenbestand
)
select
    getvariable('peildatum')::date as peildatum,
    b.persoon_id,
    coalesce(n.gemeentecode, 'GM9999') as gemeentecode,

    coalesce(g.gemeente, 'Onbekend') as gemeente,
    b.gemeente_bron,

    b.ingestroomd_op
from bron as b
left join staging.gemeente_namen as n on n.zoeknaam = b.zoeknaam
left join staging.gemeenten as g on g.gemeentecode = n.gemeentecode
