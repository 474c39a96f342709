-- description: Alle leveringen, met wat ermee is gebeurd en hoeveel records zijn geladen.
-- grain: [bron, levering]
-- columns:
--   bron: Bron waar de levering bij hoort.
--   levering: Kenmerk van de levering, de peildatum en het begin van de hash van het bestand.
--   peildatum: Datum waarover de levering gaat.
--   bestand: Naam van het bestand zoals ontvangen.
--   ontvangen_op: Tijdstip waarop het bestand is gemaakt of gewijzigd bij de leverancier, in UTC.
--   status: aanvaard, geweigerd, vervangen of ingetrokken.
--   reden: Waarom de levering deze status heeft. Leeg als er niets te melden is.
--   records: Aantal records in het bestand, met kopregel, lege regels en totaalregel. Gelijk aan geladen, in quarantaine en niet-data samen.
--   geladen: Aantal records dat is geladen. Bij een geweigerde levering het aantal dat geladen zou zijn.
--   in_quarantaine: Aantal records dat apart is gezet omdat er iets niet klopt.
--   hersteld: Aantal geladen records waarvan het BSN is hersteld. Spaties of punten zijn weggehaald, of er is een nul voor gezet.
--   voorloopnul: Aantal geladen records waarvan het BSN een nul aan het begin miste.
--   niet_data: Aantal records dat geen gegevens bevat, zoals kopregel, lege regels en totaalregel.
--   elfproef: Aantal records in quarantaine omdat het BSN niet klopt met de elfproef.
--   dubbele_sleutels: Aantal records in quarantaine omdat de sleutel vaker voorkomt.
--   totaal_regel: Aantal records dat de totaalregel van het bestand noemt. Leeg als er geen totaalregel is.
--   kolommen_afwezig: Namen van kolommen die mogen ontbreken en ontbreken.
--   kolommen_nieuw: Namen van kolommen die niet zijn afgesproken. Zij zijn niet geladen.
--   volgorde_anders: Of de kolommen in een andere volgorde staan dan afgesproken. Dat is geen fout, want kolommen worden op naam gelezen.
--   is_laatste: Of dit de aanvaarde levering is met de laatste peildatum van de bron.
select
    bron,
    levering,
    peildatum,
    bestand,
    ontvangen_op,
    status,
    reden,
    records,
    geladen,
    in_quarantaine,
    hersteld,
    voorloopnul,
    niet_data,
    elfproef,
    dubbele_sleutels,
    totaal_regel,
    kolommen_afwezig,
    kolommen_nieuw,
    volgorde_anders,
    status = 'aanvaard'
        and peildatum = max(peildatum) over (partition by bron, status) as is_laatste
from meta.leveringen
