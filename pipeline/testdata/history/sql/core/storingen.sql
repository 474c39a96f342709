-- description: Storingen uit alle leveringen.
-- grain: [storing_id, wijk]
select storing_id, wijk, max(uren) as uren, count(*) as leveringen
from staging.storingen
group by storing_id, wijk
