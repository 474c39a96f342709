-- description: Redenen van opname in het doelgroepregister, met een regel ONBEKEND voor codes die niet in de lijst staan.
-- grain: [grondslag]
-- columns:
--   grondslag: Code van de reden van opname.
--   omschrijving: Wat de code betekent.
--   groep: Groep van de code, WSW, WIW_ID, WAJONG of PARTICIPATIEWET. ONBEKEND bij een code die niet in de lijst staat.
select grondslag, omschrijving, groep
from ref.grondslagen
union all
select 'ONBEKEND', 'Onbekend', 'ONBEKEND'
