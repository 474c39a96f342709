-- description: De cliënten van de Participatiewet op de peildatum, met of zij in het doelgroepregister staan en een klantprofiel hebben.
-- grain: [peildatum, persoon_id]
-- per: peildatum
-- columns:
--   gemeentecode: Gemeente volgens het cliëntenbestand.
--   in_register: Of een registratie op de peildatum geldt.
--   heeft_klantprofiel: Of de persoon een klantprofiel heeft in Sonar. Wie niet in Sonar staat, heeft er geen.
select
    c.peildatum,
    c.persoon_id,
    c.gemeentecode,

    c.gemeente,

    d.persoon_id is not null as in_register,
    coalesce(k.heeft_klantprofiel, false) as heeft_klantprofiel
from staging.clientenbestand as c
left join core.doelgroep as d on d.persoon_id = c.persoon_id
left join core.klanten as k on k.persoon_id = c.persoon_id
