-- description: Gemeenten die op de peildatum nog niet of niet meer bestaan. Zij tellen onder hun eigen naam.
-- severity: warn
-- per: gemeente
-- notify: [supplier, datateam]
-- explain: 'De gemeente {gemeente} bestaat niet op {peildatum}. Aantal lopende plaatsingen met deze gemeente: {aantal}.'
select k.gemeente
from core.plaatsingen as k
inner join staging.gemeenten as g on g.gemeentecode = k.gemeentecode
where k.lopend and (k.peildatum < g.geldig_vanaf or k.peildatum >= g.geldig_tot)
