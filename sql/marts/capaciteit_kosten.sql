-- description: De gepubliceerde bijdragen van 2017 aan de capaciteit, met wat elke gemeente naar inwoners zou bijdragen.
-- grain: [partij]
-- columns:
--   partij: Gemeente of andere partij die bijdraagt.
--   bedrag_gepubliceerd: {description: 'Gepubliceerd bedrag, in euro.', unit: euro}
--   bedrag_naar_rato: {description: 'Het gepubliceerde totaal van de gemeenten, verdeeld naar inwoners in 2016, in euro, twee decimalen. Leeg bij een partij die geen gemeente is.', unit: euro}
--   afwijking_pct: {description: 'Hoeveel het gepubliceerde bedrag hoger is dan het bedrag naar rato, als percentage van het bedrag naar rato, één decimaal. Onder nul als het lager is. Leeg bij een partij die geen gemeente is.', unit: procent, denominator: 'bedrag naar rato'}
with
totalen as (
    select
        max(t.gepubliceerd_eur::bigint) as bedrag,
        sum(b.inwoners_2016)::bigint as inwoners
    from core.bijdragen as b
    cross join ref.bijdragen_2017_totalen as t
    where t.totaal = 'gemeenten'
),
verdeeld as (
    -- all in whole numbers: naar rato is deel / inwoners
    select
        b.partij,
        b.bedrag_gepubliceerd,
        t.bedrag * b.inwoners_2016 as deel,
        t.inwoners,
        b.bedrag_gepubliceerd * t.inwoners - t.bedrag * b.inwoners_2016 as verschil
    from core.bijdragen as b
    cross join totalen as t
)
select
    partij,
    bedrag_gepubliceerd::decimal(12, 2) as bedrag_gepubliceerd,
    -- rounded half up, in integers: a quotient of decimals would be a DOUBLE
    ((200 * deel + inwoners) // nullif(2 * inwoners, 0) * 0.01)::decimal(12, 2)
        as bedrag_naar_rato,
    try_cast(
        sign(verschil) * ((2000 * abs(verschil) + deel) // nullif(2 * deel, 0)) * 0.1
        as decimal(5, 1)
    ) as afwijking_pct
from verdeeld
