-- description: Wie er nu bij kwam en de vorige keer wegging.
-- grain: [persoon_id]
-- per: peildatum
select n.persoon_id, n.wijk
from core.verloop as n
inner join core.verloop__vorige as v on v.persoon_id = n.persoon_id and v.weg
where n.nieuw
