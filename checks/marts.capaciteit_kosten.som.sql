-- description: De bedragen naar rato tellen op tot het gepubliceerde totaal van de gemeenten, op een halve cent per gemeente na.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} tellen de bedragen naar rato niet op tot het gepubliceerde totaal van de gemeenten.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
select sum(k.bedrag_naar_rato) as bedrag
from marts.capaciteit_kosten as k
cross join ref.bijdragen_2017_totalen as t
where t.totaal = 'gemeenten'
group by t.gepubliceerd_eur
having abs(sum(k.bedrag_naar_rato) - t.gepubliceerd_eur::decimal(12, 2)) * 200 > count(k.bedrag_naar_rato)
