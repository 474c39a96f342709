-- description: Gepubliceerde kwartaalcijfers over de banenafspraak.
-- grain: [peildatum, kwartaal, gebied, indicator]
-- per: peildatum
-- columns:
--   peildatum: Datum waarover de levering gaat.
--   kwartaal: Kwartaal waarover het cijfer gaat, zoals 2020-Q4.
--   gebied: Arbeidsmarktregio of land, zoals de leverancier die schrijft.
--   indicator: Wat er is geteld, in kleine letters.
--   waarde: Het cijfer.
select
    getvariable('peildatum')::date as peildatum,

    kwartaal,
    gebied,
    lower(indicator) as indicator,

    waarde
from raw.uwv_trend
