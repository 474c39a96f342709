-- description: Datums waarover een levering gaat, met een regel Onbekend (1 januari 1900).
-- grain: [peildatum]
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   omschrijving: De datum als dag-maand-jaar, of Onbekend.
--   jaar: {description: 'Jaar van de datum. Leeg bij Onbekend.', unit: jaartal}
--   kwartaal: Jaar en kwartaal, zoals 2020-Q4, of Onbekend.
--   maand: Jaar en maand, zoals 2020-12, of Onbekend.
--   bronnen: Bronnen met een aanvaarde levering over deze datum, op alfabet. Leeg bij Onbekend, en als geen levering over deze datum is aanvaard.
--   is_laatste: Of dit de laatste datum met een aanvaarde levering is.
with
datums as (
    select peildatum, bron
    from meta.peildata
    union all
    -- what was refused or withdrawn too, or a join with marts.kwaliteit_leveringen would lose it
    select peildatum, null
    from meta.leveringen
)
select
    peildatum,
    strftime(peildatum, '%d-%m-%Y') as omschrijving,
    year(peildatum)::integer as jaar,
    year(peildatum) || '-Q' || quarter(peildatum) as kwartaal,
    strftime(peildatum, '%Y-%m') as maand,
    string_agg(distinct bron, ', ' order by bron) as bronnen,
    coalesce(peildatum = (select max(peildatum) from meta.peildata), false) as is_laatste
from datums
group by peildatum
union all
select date '1900-01-01', 'Onbekend', null, 'Onbekend', 'Onbekend', null, false
