-- description: Personen met meer plaatsingen tegelijk, die samen meer dan 48 uren per week zijn.
-- severity: warn
-- notify: [supplier, datateam]
-- explain: 'Personen met meer dan een lopende plaatsing en samen meer dan 48 uren per week: {aantal}.'
select persoon_id
from core.plaatsingen
where lopend
group by persoon_id
having count(*) > 1 and sum(uren_per_week) > 48
