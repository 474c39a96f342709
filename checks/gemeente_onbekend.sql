-- tables:
--   staging.aanvragen: aanvragen
--   staging.clientenbestand: cliënten
--   staging.doelgroepregister: registraties in het doelgroepregister
--   staging.plaatsingen: plaatsingen
--   staging.sonar: klanten in Sonar
-- description: Namen van gemeenten die niet zijn herkend. Zij tellen onder Onbekend.
-- severity: alarm
-- per: plaats
-- notify: [supplier, datateam]
-- explain: 'De gemeente {plaats} is niet herkend. Aantal {wat} met deze naam: {aantal}. Zij tellen onder Onbekend.'
-- action: 'Zoek uit welke gemeente met {plaats} is bedoeld, en zet de naam in sources/reference/gemeente_aliassen.csv. Vraag de leverancier om de naam voortaan goed te schrijven.'
with
onherkend as (
    -- digits are masked and long text is cut: a name may be anything that somebody typed
    select
        regexp_replace(left(gemeente_bron, 60), '[0-9]', '#', 'g') as naam,
        regexp_replace(lower(trim(left(gemeente_bron, 60))), '^(gem\.|gemeente\s)\s*', '') as zoeknaam
    from staging.aanvragen
    where gemeentecode = 'GM9999'
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
