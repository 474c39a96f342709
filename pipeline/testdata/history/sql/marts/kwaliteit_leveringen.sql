-- description: Wat er is geleverd.
-- grain: [bron, levering]
-- columns:
--   bron: Naam van de bron.
--   levering: Kenmerk van de levering.
--   peildatum: Datum waarover de levering gaat.
--   bestand: Naam van het bestand.
--   ontvangen_op: Wanneer het bestand is geschreven.
--   status: Wat ermee is gebeurd.
--   reden: Waarom.
--   records: Aantal records.
--   geladen: Aantal geladen records.
--   is_peildatum: Of er een levering met deze peildatum geldt.
select
    l.bron,
    l.levering,
    l.peildatum,
    l.bestand,
    l.ontvangen_op,
    l.status,
    l.reden,
    l.records,
    l.geladen,
    p.bron is not null as is_peildatum
from meta.leveringen as l
left join meta.peildata as p on p.bron = l.bron and p.peildatum = l.peildatum
