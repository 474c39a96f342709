-- description: Gemeenten die op de dag van de aanvraag nog niet of niet meer bestonden. Zij tellen onder hun eigen naam.
-- severity: warn
-- per: gemeente
-- notify: [supplier, datateam]
-- explain: 'Aanvragen van een dag waarop de gemeente {gemeente} niet bestaat: {aantal}.'
select k.gemeente
from staging.aanvragen as k
inner join staging.gemeenten as g on g.gemeentecode = k.gemeentecode
where k.aangevraagd_op < g.geldig_vanaf or k.aangevraagd_op >= g.geldig_tot
