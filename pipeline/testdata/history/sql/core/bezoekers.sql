-- description: Leden met wat zij op de peildatum aan bezoeken hadden.
-- grain: [persoon_id]
-- per: peildatum
select
    l.persoon_id,
    l.wijk,
    count(b.bezoek_id) as bezoeken,
    coalesce(sum(b.minuten), 0)::bigint as minuten
from staging.leden as l
left join staging.bezoeken as b on b.persoon_id = l.persoon_id
group by l.persoon_id, l.wijk
