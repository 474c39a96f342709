-- description: De regels samen tellen alle plaatsingen die op de peildatum lopen.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som van de regels niet gelijk aan het aantal lopende plaatsingen.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
stand as (
    select coalesce(sum(lopende_plaatsingen), 0) as plaatsingen
    from marts.plaatsingen_stand
),
lopend as (
    select count(*) as plaatsingen
    from core.plaatsingen
    where lopend
)
select s.plaatsingen
from stand as s
cross join lopend as l
where s.plaatsingen <> l.plaatsingen
