-- description: Datums waarover een aanvaarde levering gaat, met een regel Onbekend (1 januari 1900).
-- grain: [peildatum]
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   omschrijving: De datum als dag-maand-jaar, of Onbekend.
--   jaar: {description: 'Jaar van de datum. Leeg bij Onbekend.', unit: jaartal}
--   kwartaal: Jaar en kwartaal, zoals 2020-Q4, of Onbekend.
--   maand: Jaar en maand, zoals 2020-12, of Onbekend.
--   bronnen: Bronnen met een aanvaarde levering over deze datum, op alfabet. Leeg bij Onbekend.
--   is_laatste: Of dit de laatste datum is.
select
    peildatum,
    strftime(peildatum, '%d-%m-%Y') as omschrijving,
    year(peildatum)::integer as jaar,
    year(peildatum) || '-Q' || quarter(peildatum) as kwartaal,
    strftime(peildatum, '%Y-%m') as maand,
    string_agg(distinct bron, ', ' order by bron) as bronnen,
    peildatum = max(peildatum) over () as is_laatste
from meta.peildata
group by peildatum
union all
select date '1900-01-01', 'Onbekend', null, 'Onbekend', 'Onbekend', null, false
