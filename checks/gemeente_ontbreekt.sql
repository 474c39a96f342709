-- tables:
--   staging.doelgroepregister: het doelgroepregister
--   staging.sonar: Sonar
-- description: Gemeenten van de regio die niet in de levering voorkomen.
-- severity: alarm
-- per: gemeente
-- notify: [supplier, sturing, datateam]
-- explain: 'De gemeente {gemeente} komt niet voor in {wat} van {peildatum}.'
-- action: 'Vraag de leverancier of {gemeente} in de levering is vergeten, en om een volledige levering. De cijfers van {gemeente} staan nu op nul.'
with
stand as (
    select max(peildatum) as peildatum
    from staging.doelgroepregister
),
geleverd as (
    select distinct gemeentecode
    from staging.doelgroepregister
)
select g.gemeente
from staging.gemeenten as g
inner join stand as s
    on (g.geldig_vanaf is null or g.geldig_vanaf <= s.peildatum)
    and (g.geldig_tot is null or g.geldig_tot > s.peildatum)
left join geleverd as l on l.gemeentecode = g.gemeentecode
where g.in_regio and s.peildatum is not null and l.gemeentecode is null
