-- description: De uitkomst van elke controle.
-- grain: [peildatum, check, groep]
-- budget: {removed: 100%, changed: 100%}
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   check: Naam van de controle.
--   groep: Groep waarvoor is gecontroleerd.
--   ernst: Hoe erg het is.
--   waarde: Uitkomst.
--   sinds: Eerste peildatum van deze ernst op rij.
--   uitleg: In gewone taal.
select peildatum, "check", groep, ernst, waarde, sinds, uitleg
from meta.bevindingen
