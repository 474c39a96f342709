-- description: De personen in het doelgroepregister op de peildatum, met hoe ver zij zijn op weg naar werk.
-- grain: [peildatum, persoon_id]
-- per: peildatum
-- columns:
--   gemeentecode: Gemeente volgens het register.
--   klant_van: Wie de klant begeleidt volgens Sonar. Leeg als de persoon niet in Sonar staat.
--   in_sonar: Of de persoon in Sonar staat.
--   heeft_klantprofiel: Of de persoon een klantprofiel heeft in Sonar.
--   is_zichtbaar: Of werkgevers de persoon zien in de kandidatenverkenner.
--   is_werkfit: Of de persoon klaar is om te werken.
--   is_geplaatst: Of er op de peildatum een plaatsing loopt.
with
geplaatst as (
    select distinct persoon_id
    from core.plaatsingen
    where lopend
)
select
    d.peildatum,
    d.persoon_id,
    d.gemeentecode,

    d.gemeente,
    d.categorie,
    d.verantwoordelijke,
    k.klant_van,

    k.persoon_id is not null as in_sonar,
    coalesce(k.heeft_klantprofiel, false) as heeft_klantprofiel,
    coalesce(k.is_zichtbaar, false) as is_zichtbaar,
    coalesce(k.is_werkfit, false) as is_werkfit,
    p.persoon_id is not null as is_geplaatst,

    d.in_register_sinds
from core.doelgroep as d
left join core.klanten as k on k.persoon_id = d.persoon_id
left join geplaatst as p on p.persoon_id = d.persoon_id
