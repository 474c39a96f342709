-- description: Leden met een wijk die bestaat.
-- grain: [persoon_id]
-- per: peildatum
select
    l.persoon_id,
    coalesce(w.wijk, 'X') as wijk,
    l.soort,
    l.sinds
from raw.leden as l
left join ref.wijken as w on w.wijk = upper(l.wijk)
