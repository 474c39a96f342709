-- description: Gemeenten die op de peildatum nog niet of niet meer bestaan. Zij tellen onder hun eigen naam.
-- severity: warn
-- per: gemeente
-- notify: [supplier, datateam]
-- explain: 'De gemeente {gemeente} bestaat niet op {peildatum}. Aantal cliënten met deze gemeente: {aantal}.'
select k.gemeente
from staging.clientenbestand as k
inner join staging.gemeenten as g on g.gemeentecode = k.gemeentecode
where k.peildatum < g.geldig_vanaf or k.peildatum >= g.geldig_tot
