-- description: Grondslagen die niet in de lijst staan.
-- severity: alarm
-- per: code
-- notify: [supplier, datateam]
-- explain: 'De grondslag {code} staat niet in de lijst. Aantal registraties in het doelgroepregister met deze grondslag: {aantal}.'
-- action: 'Vraag UWV wat grondslag {code} betekent, en zet haar in sources/reference/grondslagen.csv. Tot die tijd staan deze personen onder de categorie Onbekend.'
select
    -- digits are masked and long text is cut: a code may be anything that somebody typed
    regexp_replace(left(grondslag, 40), '[0-9]', '#', 'g') as code
from staging.doelgroepregister
where groep is null
