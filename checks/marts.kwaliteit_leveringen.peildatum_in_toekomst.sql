-- description: De laatste aanvaarde levering van een bron gaat over een dag die nog moest komen toen het bestand werd gemaakt.
-- severity: warn
-- per: bron
-- notify: [supplier, datateam]
-- explain: 'De laatste levering van {bron} gaat over een datum die nog moest komen toen het bestand werd gemaakt. Waarschijnlijk staat er een verkeerde datum in de naam van het bestand.'
select bron, levering
from marts.kwaliteit_leveringen
-- in the Netherlands it is at most two hours later than UTC
where is_laatste and peildatum > (ontvangen_op + interval 2 hours)::date
