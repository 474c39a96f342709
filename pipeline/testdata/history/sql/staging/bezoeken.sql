-- description: Bezoeken.
-- grain: [bezoek_id]
-- per: peildatum
select bezoek_id, persoon_id, minuten::integer as minuten
from raw.bezoeken
