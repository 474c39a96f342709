-- description: Kolommen die mogen ontbreken en die in de laatste aanvaarde levering van een bron ontbreken.
-- severity: info
-- per: [bron, kolommen]
-- notify: [supplier, datateam]
-- explain: 'In de laatste levering van {bron} ontbreken deze kolommen: {kolommen}. Dat mag, maar de gegevens zijn dan leeg.'
select bron, kolommen_afwezig as kolommen, levering
from marts.kwaliteit_leveringen
where is_laatste and kolommen_afwezig is not null
