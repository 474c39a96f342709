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
--   records: {description: 'Aantal records in het bestand, met kopregel, lege regels en totaalregel. Gelijk aan geladen, in quarantaine en niet-data samen.', unit: records}
--   geladen: {description: 'Aantal records dat is geladen. Bij een geweigerde levering het aantal dat geladen zou zijn.', unit: records}
--   in_quarantaine: {description: 'Aantal records dat apart is gezet omdat er iets niet klopt.', unit: records}
--   hersteld: {description: 'Aantal geladen records waarvan het BSN is hersteld. Spaties of punten zijn weggehaald, of er is een nul voor gezet.', unit: records}
--   voorloopnul: {description: 'Aantal geladen records waarvan het BSN een nul aan het begin miste.', unit: records}
--   niet_data: {description: 'Aantal records dat geen gegevens bevat, zoals kopregel, lege regels en totaalregel.', unit: records}
--   elfproef: {description: 'Aantal records in quarantaine omdat het BSN niet klopt met de elfproef.', unit: records}
--   dubbele_sleutels: {description: 'Aantal records in quarantaine omdat de sleutel vaker voorkomt.', unit: records}
--   totaal_regel: {description: 'Aantal records dat de totaalregel van het bestand noemt. Leeg als er geen totaalregel is.', unit: records}
--   kolommen_afwezig: Namen van kolommen die mogen ontbreken en ontbreken.
--   kolommen_nieuw: Namen van kolommen die niet zijn afgesproken. Zij zijn niet geladen.
--   volgorde_anders: Of de kolommen in een andere volgorde staan dan afgesproken. Dat is geen fout, want kolommen worden op naam gelezen.
--   kolommen_hernoemd: Namen van kolommen die anders heten dan afgesproken, met tussen haakjes de afgesproken naam. Zij zijn geladen.
--   aandelen_anders: "Kolommen waarvan de waarden 10 procentpunt of meer vaker of minder vaak zijn ingevuld, of vaker anders zijn geschreven, dan in de aanvaarde levering daarvoor. Leeg als er geen levering daarvoor is."
--   toegestaan: "Afwijkingen die het contract toestaat: afwezig, nieuw, hernoemd, volgorde of aandelen, met een kolom erachter als het alleen daarvoor geldt. Daarover komt geen bevinding."
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
    kolommen_hernoemd,
    aandelen_anders,
    toegestaan,
    status = 'aanvaard'
        and peildatum = max(peildatum) over (partition by bron, status) as is_laatste
from meta.leveringen
