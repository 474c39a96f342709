-- description: Wie wisselt van gemeente of categorie gaat ergens weg en komt ergens aan.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is het aantal wissels naar een gemeente of categorie niet gelijk aan het aantal wissels eruit.'
-- action: 'Verbeter het model: wie ergens weggaat door een wissel, komt ergens anders binnen. Tot die tijd blijven de vorige cijfers staan.'
select sum(wissel_in) as wissel_in, sum(wissel_uit) as wissel_uit
from marts.doelgroep_mutaties
having sum(wissel_in) <> sum(wissel_uit)
