-- description: De laatste leveringen van de drie verplichte bronnen gaan over bijna dezelfde datum.
-- severity: warn
-- notify: [datateam, sturing]
-- explain: 'Meer dan 31 dagen tussen de laatste leveringen van de drie bronnen: {aantal} keer.'
select max(peildatum) - min(peildatum) as dagen
from marts.kwaliteit_leveringen
where is_laatste and bron in ('doelgroepregister', 'sonar', 'plaatsingen')
having max(peildatum) - min(peildatum) > 31
