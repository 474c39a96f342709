-- description: Klanten in Sonar, met de gemeente herkend.
-- grain: [peildatum, persoon_id]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de levering gaat.
--   persoon_id: Pseudoniem van de persoon.
--   gemeentecode: Gemeente waarin de regel telt, herkend aan de naam en anders aan de code.
--   gemeente: Naam van die gemeente.
--   gemeente_bron: Naam zoals de leverancier die schrijft.
--   klant_van: Wie de klant begeleidt, GEMEENTE of UWV.
--   naam_en_code_verschillen: Of de naam een andere gemeente aanwijst dan de code. Leeg als een van de twee niets zegt.
--   is_zichtbaar: Of werkgevers de klant zien in de kandidatenverkenner. Leeg als het niet is ingevuld.
--   heeft_toestemming: Of de klant toestemming gaf om zichtbaar te zijn. Leeg als het niet is ingevuld.
with
bron as (
    select
        *,
        regexp_replace(lower(trim(gemeente_bron)), '^(gem\.|gemeente\s)\s*', '') as zoeknaam,
        regexp_extract(upper(trim(gemeentecode_bron)), '^(GM)?([0-9]{3,4})$', 2) as cijfers
    from raw.sonar
),
herkend as (
    select
        b.*,
        n.gemeentecode as code_uit_naam,
        case when b.cijfers <> '' then 'GM' || lpad(b.cijfers, 4, '0') end as code_uit_bron,
        case
            when n.gemeentecode is not null then n.gemeentecode
            when c.gemeentecode is not null then c.gemeentecode
            when b.cijfers <> '' then 'GM9998'
            else 'GM9999'
        end as gemeentecode
    from bron as b
    left join staging.gemeente_namen as n on n.zoeknaam = b.zoeknaam
    left join ref.gemeenten as c on c.gemeentecode = 'GM' || lpad(b.cijfers, 4, '0')
)
select
    getvariable('peildatum')::date as peildatum,
    h.persoon_id,
    h.gemeentecode,

    h.klant_van,
    g.gemeente,
    h.gemeente_bron,
    h.gemeentecode_bron,
    h.opleidingsniveau,
    h.bemiddelingsberoep,
    h.sector,

    h.code_uit_naam <> h.code_uit_bron as naam_en_code_verschillen,
    h.heeft_klantprofiel,
    h.is_zichtbaar,
    h.heeft_toestemming,
    h.is_werkfit,

    h.participatieladder,
    h.max_reisafstand_km,
    h.uren_beschikbaar,

    h.profiel_gewijzigd_op
from herkend as h
left join staging.gemeenten as g on g.gemeentecode = h.gemeentecode
