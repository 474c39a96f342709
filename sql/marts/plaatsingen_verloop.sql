-- description: Plaatsingen die in een kwartaal begonnen en eindigden, volgens de laatste levering, per gemeente en soort dienstverband.
-- grain: [kwartaal, gemeentecode, soort_dienstverband]
-- per: laatste
-- peildata: [plaatsingen]
-- columns:
--   kwartaal: Kwartaal van het begin of het einde, zoals 2020-Q4.
--   gemeentecode: Gemeente van de plaatsing. GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   soort_dienstverband: REGULIER, UITZEND, DETACHERING, PAYROLL, WSW_BW of BESCHUT.
--   begonnen: {description: 'Aantal plaatsingen dat in het kwartaal begon. Wat na de peildatum begint, telt nog niet.', unit: plaatsingen}
--   beeindigd: {description: 'Aantal begonnen plaatsingen met de laatste dag in het kwartaal. Wat op de peildatum nog loopt, telt nog niet.', unit: plaatsingen}
--   duurzaam_6m: {description: 'Aantal van de in het kwartaal begonnen plaatsingen dat 183 dagen na het begin nog liep. Leeg zolang de peildatum geen 183 dagen na het einde van het kwartaal ligt.', unit: plaatsingen}
with
begin_en_einde as (
    select
        year(begindatum) || '-Q' || quarter(begindatum) as kwartaal,
        gemeentecode,
        gemeente,
        soort_dienstverband,
        (date_trunc('quarter', begindatum) + interval 3 months)::date - 1 as kwartaaleinde,
        true as begonnen,
        einddatum is null or einddatum >= begindatum + 183 as duurzaam
    from core.plaatsingen
    where begindatum <= peildatum
    union all
    select
        year(einddatum) || '-Q' || quarter(einddatum),
        gemeentecode,
        gemeente,
        soort_dienstverband,
        (date_trunc('quarter', einddatum) + interval 3 months)::date - 1,
        false,
        false
    from core.plaatsingen
    where begindatum <= peildatum and einddatum is not null and not lopend
)
select
    kwartaal,
    gemeentecode,
    gemeente,
    soort_dienstverband,
    count(*) filter (where begonnen) as begonnen,
    count(*) filter (where not begonnen) as beeindigd,
    case
        when getvariable('peildatum')::date - kwartaaleinde >= 183
            then count(*) filter (where duurzaam)
    end as duurzaam_6m
from begin_en_einde
group by kwartaal, kwartaaleinde, gemeentecode, gemeente, soort_dienstverband
