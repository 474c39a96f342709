-- name: gemeente_buiten_regio
-- tables:
--   staging.doelgroepregister: registraties in het doelgroepregister
--   staging.sonar: klanten in Sonar
-- description: Gemeenten die niet bij de regio horen.
-- severity: warn
-- per: plaats
-- notify: [supplier, datateam]
-- explain: 'De gemeente {plaats} hoort niet bij de regio. Aantal {wat} met deze gemeente: {aantal}.'
with
onherkend as (
    -- digits are masked and long text is cut: a name may be anything that somebody typed
    select
        regexp_replace(left(gemeente_bron, 60), '[0-9]', '#', 'g') as naam,
        regexp_replace(lower(trim(left(gemeente_bron, 60))), '^(gem\.|gemeente\s)\s*', '') as zoeknaam
    from staging.doelgroepregister
    where gemeentecode = 'GM9998'
),
zoeknamen as (
    select distinct zoeknaam
    from onherkend
),
voorstellen as (
    select
        z.zoeknaam,
        n.gemeente,
        row_number() over (
            partition by z.zoeknaam
            order by levenshtein(z.zoeknaam, n.zoeknaam), n.zoeknaam
        ) as plek
    from zoeknamen as z
    cross join staging.gemeente_namen as n
)
select o.naam || coalesce(' (lijkt het meest op ' || v.gemeente || ')', '') as plaats
from onherkend as o
left join voorstellen as v on v.zoeknaam = o.zoeknaam and v.plek = 1
union all
select s.gemeente
from staging.doelgroepregister as s
inner join staging.gemeenten as g on g.gemeentecode = s.gemeentecode
where not g.in_regio and g.gemeentecode not in ('GM9998', 'GM9999')
