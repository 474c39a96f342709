-- description: Storingen.
-- grain: [storing_id]
-- per: peildatum
select storing_id, wijk, uren::decimal(12, 2) as uren
from raw.storingen
