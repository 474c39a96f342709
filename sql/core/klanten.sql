-- description: De klanten in Sonar op de peildatum, met wat een werkgever van hen kan zien.
-- grain: [peildatum, persoon_id]
-- per: peildatum
-- columns:
--   uitvoeringsdienst: Dienst van de gemeente van de klant. Onbekend buiten de regio.
--   is_zichtbaar: Of werkgevers de klant zien in de kandidatenverkenner. Niet ingevuld is nee.
--   is_vindbaar: Klantprofiel met opleiding, beroep, reisafstand, uren en sector ingevuld.
--   is_werkfit: Of de klant klaar is om te werken. Niet ingevuld is nee.
select
    s.peildatum,
    s.persoon_id,
    s.gemeentecode,

    s.gemeente,
    g.uitvoeringsdienst,
    s.klant_van,

    s.heeft_klantprofiel,
    coalesce(s.is_zichtbaar, false) as is_zichtbaar,
    s.heeft_klantprofiel
        and s.opleidingsniveau is not null
        and s.bemiddelingsberoep is not null
        and s.max_reisafstand_km is not null
        and s.uren_beschikbaar is not null
        and s.sector is not null as is_vindbaar,
    coalesce(s.is_werkfit, false) as is_werkfit
from staging.sonar as s
left join staging.gemeenten as g on g.gemeentecode = s.gemeentecode
