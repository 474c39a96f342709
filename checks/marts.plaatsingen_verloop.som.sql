-- description: De kwartalen samen tellen elke plaatsing die is begonnen, en wat begon en niet eindigde is wat op de peildatum loopt.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som over de kwartalen niet gelijk aan het aantal begonnen of lopende plaatsingen.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
verloop as (
    select
        coalesce(sum(begonnen), 0) as begonnen,
        coalesce(sum(begonnen), 0) - coalesce(sum(beeindigd), 0) as lopend
    from marts.plaatsingen_verloop
),
plaatsingen as (
    select
        count(*) filter (where begindatum <= peildatum) as begonnen,
        count(*) filter (where lopend) as lopend
    from core.plaatsingen
)
select v.begonnen, v.lopend
from verloop as v
cross join plaatsingen as p
where v.begonnen <> p.begonnen or v.lopend <> p.lopend
