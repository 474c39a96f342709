-- description: Registraties in het doelgroepregister, met de gemeente herkend en de grondslag in zijn groep.
-- grain: [peildatum, persoon_id, grondslag, begindatum]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de levering gaat.
--   persoon_id: Pseudoniem van de persoon.
--   gemeentecode: Gemeente waarin de regel telt, herkend aan de naam en anders aan de code.
--   gemeente: Naam van die gemeente.
--   gemeente_bron: Naam zoals de leverancier die schrijft.
--   grondslag: Reden van opname in het register, in hoofdletters.
--   groep: Groep van de grondslag. Leeg als de grondslag niet bekend is.
--   naam_en_code_verschillen: Of de naam een andere gemeente aanwijst dan de code. Leeg als een van de twee niets zegt.
--   begindatum: Eerste dag van de registratie.
--   einddatum: Laatste dag van de registratie. Leeg als die nog loopt.
--   loonwaarde_pct: Loonwaarde in procenten, 0 tot en met 100.
with
bron as (
    select
        *,
        regexp_replace(lower(trim(gemeente_bron)), '^(gem\.|gemeente\s)\s*', '') as zoeknaam,
        regexp_extract(upper(trim(gemeentecode_bron)), '^(GM)?([0-9]{3,4})$', 2) as cijfers
    from raw.doelgroepregister
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

    h.grondslag,
    r.groep,
    g.gemeente,
    h.gemeente_bron,
    h.gemeentecode_bron,

    h.code_uit_naam <> h.code_uit_bron as naam_en_code_verschillen,

    h.loonwaarde_pct,

    h.begindatum,
    h.einddatum
from herkend as h
left join staging.gemeenten as g on g.gemeentecode = h.gemeentecode
left join ref.grondslagen as r on r.grondslag = h.grondslag
