-- description: Wie erbij kwam en wie wegging sinds de vorige stand.
-- grain: [persoon_id]
-- per: peildatum
select
    coalesce(n.persoon_id, v.persoon_id) as persoon_id,
    coalesce(n.wijk, v.wijk) as wijk,
    v.persoon_id is null as nieuw,
    n.persoon_id is null as weg
from staging.leden as n
full join staging.leden__vorige as v on v.persoon_id = n.persoon_id
