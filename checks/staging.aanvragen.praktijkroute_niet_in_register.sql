-- description: Aanvragen langs de praktijkroute die langer dan 14 dagen geleden zijn toegekend, van personen die niet in het register staan.
-- severity: warn
-- per: gemeente
-- notify: [sturing, uitvoeringsdienst]
-- explain: 'In {gemeente} is bij {aantal} {aanvraag|aanvragen} de praktijkroute langer dan 14 dagen geleden toegekend, en staat de persoon niet in het doelgroepregister.'
-- action: 'Vraag UWV waarom deze personen nog niet in het doelgroepregister staan. Zij tellen anders niet mee voor de banenafspraak.'
select a.gemeente, a.aanvraag_id
from staging.aanvragen as a
left join core.doelgroep as d on d.persoon_id = a.persoon_id
where a.route = 'PRAKTIJKROUTE'
    and a.uitkomst = 'TOEGEKEND'
    and a.beslist_op < a.peildatum - 14
    and d.persoon_id is null
