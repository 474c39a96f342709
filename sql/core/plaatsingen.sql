-- description: Alle plaatsingen in de levering van de peildatum, met of ze op die dag lopen.
-- grain: [peildatum, plaatsing_id]
-- per: peildatum
-- columns:
--   lopend: Begonnen op of voor de peildatum en op die dag nog niet geëindigd.
select
    peildatum,
    plaatsing_id,
    persoon_id,
    gemeentecode,

    gemeente,
    gemeente_bron,
    soort_dienstverband,
    sector,
    bemiddeld_door,
    reden_einde,

    begindatum <= peildatum and (einddatum is null or einddatum >= peildatum) as lopend,
    loonkostensubsidie,
    jobcoach,
    no_riskpolis,
    proefplaatsing,

    uren_per_week,
    verloonde_uren_maand,

    begindatum,
    einddatum
from staging.plaatsingen
