-- severity: warn
-- notify: [beheer]
-- explain: 'Lange bezoeken: {aantal}.'
select bezoek_id, minuten
from staging.bezoeken
where minuten > 110
