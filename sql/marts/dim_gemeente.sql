-- description: Gemeenten, met de opvolger van wie is opgegaan in een andere gemeente.
-- grain: [gemeentecode]
-- columns:
--   gemeentecode: Code van de gemeente, GM en vier cijfers. GM9998 is Buiten de regio, GM9999 is Onbekend.
--   gemeente: Naam van de gemeente.
--   provincie: Provincie. Leeg bij de twee verzamelregels.
--   uitvoeringsdienst: Dienst die voor de gemeente werkt. Onbekend buiten de regio.
--   in_regio: Of de gemeente bij de regio hoort of hoorde.
--   geldig_vanaf: Eerste dag waarop de gemeente bestaat. Leeg als die dag niet bekend is.
--   geldig_tot: Eerste dag waarop de gemeente niet meer bestaat. Leeg als er geen einde bekend is.
--   opvolger: Code van de gemeente waarin deze opgaat.
--   gemeentecode_huidig: Code van de gemeente waar het gebied op de laatste peildatum onder valt.
--   inwoners_2016: {description: 'Aantal inwoners in 2016. Leeg als het niet bekend is.', unit: personen}
--   status: Voorgenomen als het einde is gepland maar nog niet vaststaat.
with recursive
laatste as (
    select max(peildatum) as peildatum
    from meta.peildata
),
opgegaan as (
    select g.gemeentecode, o.gemeentecode as opvolger
    from staging.gemeenten as g
    inner join staging.gemeenten as o on o.gemeentecode = g.opvolger
    inner join laatste as l on g.geldig_tot <= l.peildatum
),
gevolgd as (
    select gemeentecode, gemeentecode as huidig
    from staging.gemeenten
    union
    select v.gemeentecode, o.opvolger
    from gevolgd as v
    inner join opgegaan as o on o.gemeentecode = v.huidig
),
huidig as (
    select v.gemeentecode, v.huidig
    from gevolgd as v
    left join opgegaan as o on o.gemeentecode = v.huidig
    where o.gemeentecode is null
)
select
    g.gemeentecode,
    g.gemeente,
    g.provincie,
    g.uitvoeringsdienst,
    g.in_regio,
    g.geldig_vanaf,
    g.geldig_tot,
    g.opvolger,
    coalesce(h.huidig, g.gemeentecode) as gemeentecode_huidig,
    g.inwoners_2016,
    g.status
from staging.gemeenten as g
left join huidig as h on h.gemeentecode = g.gemeentecode
