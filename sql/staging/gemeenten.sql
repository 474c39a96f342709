-- description: De gemeenten van de regio en hun opvolgers, met de twee verzamelregels Buiten de regio en Onbekend.
-- grain: [gemeentecode]
-- columns:
--   gemeentecode: Code van de gemeente, GM en vier cijfers. GM9998 is Buiten de regio, GM9999 is Onbekend.
--   gemeente: Naam van de gemeente.
--   uitvoeringsdienst: Dienst die voor de gemeente werkt. Onbekend buiten de regio.
--   in_regio: Of de gemeente bij de regio hoort of hoorde.
--   geldig_vanaf: Eerste dag waarop de gemeente bestaat. Leeg als die dag niet bekend is.
--   geldig_tot: Eerste dag waarop de gemeente niet meer bestaat. Leeg als er geen einde bekend is.
--   opvolger: Code van de gemeente waarin deze opgaat.
--   inwoners_2016: Aantal inwoners in 2016.
select
    gemeentecode,
    opvolger,
    gemeente,
    provincie,
    coalesce(case when lower(in_regio) = 'ja' then uitvoeringsdienst end, 'Onbekend')
        as uitvoeringsdienst,
    status,
    coalesce(lower(in_regio) = 'ja', false) as in_regio,
    inwoners_2016::bigint as inwoners_2016,
    geldig_vanaf::date as geldig_vanaf,
    geldig_tot::date as geldig_tot
from ref.gemeenten
union all
select 'GM9998', null, 'Buiten de regio', null, 'Onbekend', null, false, null, null, null
union all
select 'GM9999', null, 'Onbekend', null, 'Onbekend', null, false, null, null, null
