-- description: Registraties in het doelgroepregister die op de peildatum gelden.
-- grain: [peildatum, persoon_id, grondslag, begindatum]
-- per: peildatum
-- columns:
--   grondslag: Reden van opname in het register.
--   groep: Groep van de grondslag. Leeg als de grondslag niet bekend is.
--   begindatum: Eerste dag van de registratie.
--   einddatum: Laatste dag van de registratie. Leeg als die nog loopt. Een registratie van één dag telt niet.
select
    peildatum,
    persoon_id,
    gemeentecode,

    grondslag,
    groep,
    gemeente,

    begindatum,
    einddatum
from staging.doelgroepregister
where begindatum <= peildatum
    and (einddatum is null or (einddatum >= peildatum and einddatum <> begindatum))
