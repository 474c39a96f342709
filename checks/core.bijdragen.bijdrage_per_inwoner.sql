-- description: Gemeenten die per inwoner meer dan 10 procent anders bijdragen dan de mediaan van de gemeenten.
-- severity: warn
-- per: gemeente
-- notify: [sturing]
-- explain: 'De gepubliceerde bijdrage per inwoner van {gemeente} wijkt meer dan 10% af van de mediaan van de gemeenten.'
-- action: 'Vraag de regio of de bijdrage van {gemeente} goed is overgenomen. Eén bedrag dat bij de verkeerde gemeente staat geeft zo’n verschil.'
with
per_inwoner as (
    select
        partij as gemeente,
        -- in millionths of a euro
        bedrag_gepubliceerd * 1000000 // inwoners_2016 as bedrag
    from core.bijdragen
    where inwoners_2016 > 0
),
gesorteerd as (
    select list_sort(list(bedrag)) as bedragen
    from per_inwoner
),
mediaan as (
    -- twice the median
    select
        bedragen[(len(bedragen) + 1) // 2] + bedragen[len(bedragen) // 2 + 1] as dubbel
    from gesorteerd
)
select p.gemeente
from per_inwoner as p
cross join mediaan as m
where abs(20 * p.bedrag - 10 * m.dubbel) > m.dubbel
