-- description: Gemeenten die op de dag van de aanvraag nog niet of niet meer bestonden. Zij tellen onder hun eigen naam.
-- severity: warn
-- per: gemeente
-- accepted:
--   - {group: Weesp, reason: 'Weesp hoort sinds 24 maart 2022 bij Amsterdam. De leveringen volgen later.', until: 2022-12-31}
-- notify: [supplier, datateam]
-- explain: 'Aanvragen van een dag waarop de gemeente {gemeente} niet bestaat: {aantal}.'
select k.gemeente
from staging.aanvragen as k
inner join staging.gemeenten as g on g.gemeentecode = k.gemeentecode
where k.aangevraagd_op < g.geldig_vanaf or k.aangevraagd_op >= g.geldig_tot
