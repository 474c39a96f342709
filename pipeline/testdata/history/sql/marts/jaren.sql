-- description: Wat de standen van een jaar bij elkaar laten zien.
-- grain: [jaar, wijk]
-- columns:
--   jaar: Jaar van de peildata.
--   wijk: Code van de wijk.
--   standen: Aantal standen waarop iemand in de wijk lid was.
--   minuten: Hoogste aantal minuten op een stand.
--   naam: Naam van de wijk.
with
wijken as (
    select wijk, naam from ref.wijken
    union all
    select 'X', 'Onbekend'
)
select
    year(b.peildatum)::integer as jaar,
    b.wijk,
    count(*) as standen,
    max(b.minuten) as minuten,
    w.naam
from marts.bezoek as b
inner join wijken as w on w.wijk = b.wijk
group by jaar, b.wijk, w.naam
