-- check: sql_value
-- description: De gepubliceerde bijdragen tellen op tot de gepubliceerde totalen.
-- per: totaal
-- alarm: {above: 0}
-- notify: [sturing]
-- explain: 'De gepubliceerde bijdragen van 2017 ({totaal}) zijn samen niet gelijk aan het gepubliceerde totaal. Het verschil is € {waarde}.'
-- action: 'Vraag de regio welke bijdrage of welk totaal van 2017 niet klopt. Het verschil zit in de stukken zelf. Gebruik de bedragen tot die tijd met voorbehoud.'
select
    t.totaal,
    abs(
        coalesce(
            sum(b.bedrag_gepubliceerd) filter (
                where t.totaal = 'alle partijen' or b.gemeentecode is not null
            ),
            0
        ) - t.gepubliceerd_eur::bigint
    ) as waarde
from ref.bijdragen_2017_totalen as t
cross join core.bijdragen as b
where t.totaal in ('alle partijen', 'gemeenten')
group by t.totaal, t.gepubliceerd_eur
