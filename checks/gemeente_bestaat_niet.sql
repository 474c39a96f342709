-- tables:
--   core.klanten: klanten in Sonar
--   core.registraties: registraties in het doelgroepregister
--   staging.clientenbestand: cliënten
-- description: Gemeenten die op de peildatum nog niet of niet meer bestaan. Zij tellen onder hun eigen naam.
-- severity: warn
-- per: gemeente
-- accepted:
--   - {group: Weesp, reason: 'Weesp hoort sinds 24 maart 2022 bij Amsterdam. De leveringen volgen later.', until: 2022-12-31}
-- notify: [supplier, datateam]
-- explain: 'De gemeente {gemeente} bestaat niet op {peildatum}. Aantal {wat} met deze gemeente: {aantal}.'
select k.gemeente
from core.klanten as k
inner join staging.gemeenten as g on g.gemeentecode = k.gemeentecode
where k.peildatum < g.geldig_vanaf or k.peildatum >= g.geldig_tot
