-- description: Cliënten van de Participatiewet die al in het doelgroepregister staan, per gemeente.
-- grain: [peildatum, gemeentecode]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de cijfers gaan.
--   gemeentecode: Gemeente volgens het cliëntenbestand. GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   clienten: {description: 'Aantal cliënten van de Participatiewet.', unit: personen}
--   al_in_register: {description: 'Aantal van deze cliënten met een registratie in het doelgroepregister die op de peildatum geldt.', unit: personen}
--   al_in_register_zonder_profiel: {description: 'Aantal van de cliënten in het register zonder klantprofiel. Zij staan niet in Sonar, of zonder klantprofiel.', unit: personen}
with
regels as (
    select gemeentecode, gemeente
    from staging.gemeenten
    where in_regio
        and (geldig_vanaf is null or geldig_vanaf <= getvariable('peildatum')::date)
        and (geldig_tot is null or geldig_tot > getvariable('peildatum')::date)
    union
    select gemeentecode, gemeente
    from core.clienten
)
select
    getvariable('peildatum')::date as peildatum,
    r.gemeentecode,
    r.gemeente,
    count(c.persoon_id) as clienten,
    count(*) filter (where c.in_register) as al_in_register,
    count(*) filter (where c.in_register and not c.heeft_klantprofiel)
        as al_in_register_zonder_profiel
from regels as r
left join core.clienten as c on c.gemeentecode = r.gemeentecode
group by r.gemeentecode, r.gemeente
