-- description: Elke plaatsing uit de laatste levering staat in de tabel.
-- severity: block
-- notify: [datateam]
-- explain: 'Er {ontbreekt|ontbreken} {aantal} {plaatsing|plaatsingen} uit de laatste levering.'
-- action: 'Verbeter het model: elke plaatsing uit de levering hoort in de tabel. Tot die tijd blijven de vorige cijfers staan.'
with
levering as (
    select max(peildatum) as peildatum
    from staging.plaatsingen
)
select s.plaatsing_id
from staging.plaatsingen as s
inner join levering as l on l.peildatum = s.peildatum
left join marts.plaatsingen as p on p.plaatsing_id = s.plaatsing_id
where p.plaatsing_id is null
