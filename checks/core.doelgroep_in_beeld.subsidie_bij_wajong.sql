-- description: Lopende plaatsingen met loonkostensubsidie van personen die alleen Wajong hebben.
-- severity: warn
-- notify: [sturing]
-- explain: 'Lopende plaatsingen met loonkostensubsidie van personen die alleen Wajong hebben: {aantal}.'
with
alleen_wajong as (
    select persoon_id
    from core.registraties
    group by persoon_id
    having count(*) = count(*) filter (where groep = 'WAJONG')
)
select p.plaatsing_id
from core.plaatsingen as p
inner join alleen_wajong as w on w.persoon_id = p.persoon_id
where p.lopend and p.loonkostensubsidie
