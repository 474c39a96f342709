-- tables:
--   staging.aanvragen: aanvragen
--   staging.clientenbestand: cliënten
--   staging.plaatsingen: plaatsingen
-- description: Gemeenten die niet bij de regio horen.
-- severity: warn
-- per: plaats
-- notify: [supplier, datateam]
-- explain: 'De gemeente {plaats} hoort niet bij de regio. Aantal {wat} met deze gemeente: {aantal}.'
select s.gemeente as plaats
from staging.aanvragen as s
inner join staging.gemeenten as g on g.gemeentecode = s.gemeentecode
where not g.in_regio and g.gemeentecode <> 'GM9999'
