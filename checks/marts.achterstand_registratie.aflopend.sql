-- description: Wie na 30 dagen geen profiel heeft, heeft geen profiel, en is een gemeenteklant.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {regel|regels} telt een deel meer klanten dan het geheel.'
-- action: 'Verbeter het model: een deel kan niet groter zijn dan het geheel. Tot die tijd blijven de vorige cijfers staan.'
select uitvoeringsdienst
from marts.achterstand_registratie
where zonder_profiel_30_dagen > zonder_profiel or zonder_profiel > gemeenteklanten
