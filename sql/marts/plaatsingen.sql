-- description: Alle plaatsingen uit de laatste levering, één regel per plaatsing. Alleen voor intern gebruik.
-- grain: [plaatsing_id]
-- per: laatste
-- peildata: [plaatsingen]
-- intern: true
-- columns:
--   plaatsing_id: Kenmerk van de plaatsing bij de leverancier.
--   peildatum: Datum waarover de laatste levering gaat.
--   persoon_id: Pseudoniem van de persoon.
--   gemeentecode: Gemeente van de plaatsing. GM9999 is Onbekend.
--   gemeente: Naam van die gemeente.
--   gemeente_bron: Naam zoals de leverancier die schrijft.
--   begindatum: Eerste dag van het dienstverband.
--   einddatum: Laatste dag van het dienstverband. Leeg als er geen einde bekend is.
--   reden_einde: Waarom het dienstverband eindigde.
--   uren_per_week: {description: 'Uren per week volgens het contract, twee decimalen.', unit: uren per week}
--   verloonde_uren_maand: {description: 'Verloonde uren in een maand, twee decimalen.', unit: uren per maand}
--   soort_dienstverband: REGULIER, UITZEND, DETACHERING, PAYROLL, WSW_BW of BESCHUT.
--   sector: Sector van de werkgever, OVERHEID of MARKT.
--   bemiddeld_door: Wie de plaatsing tot stand bracht, WSP, GEMEENTE, UWV, TOMIN of ZELF.
--   loonkostensubsidie: Of de werkgever loonkostensubsidie krijgt. Leeg als het niet is ingevuld.
--   jobcoach: Of er een jobcoach is. Leeg als het niet is ingevuld.
--   no_riskpolis: Of de no-riskpolis geldt. Leeg als het niet is ingevuld.
--   proefplaatsing: Of het een proefplaatsing is. Leeg als het niet is ingevuld.
--   lopend: Of de plaatsing op de peildatum loopt.
--   duur_dagen: {description: 'Aantal dagen, de laatste dag telt mee. Tot en met de peildatum als de plaatsing loopt. Leeg als zij nog moet beginnen of eindigt voor het begin.', unit: dagen}
--   in_register_bij_begin: Of de persoon op de eerste dag in het doelgroepregister stond, volgens het register van de peildatum. Leeg als er dan nog geen register is.
with
register as (
    select count(*) > 0 as is_er
    from staging.doelgroepregister
),
bij_begin as (
    select distinct p.plaatsing_id
    from core.plaatsingen as p
    inner join staging.doelgroepregister as r
        on r.persoon_id = p.persoon_id
        and r.begindatum <= p.begindatum
        and (r.einddatum is null or (r.einddatum >= p.begindatum and r.einddatum <> r.begindatum))
)
select
    p.plaatsing_id,
    p.peildatum,
    p.persoon_id,
    p.gemeentecode,
    p.gemeente,
    p.gemeente_bron,
    p.begindatum,
    p.einddatum,
    p.reden_einde,
    -- round() of a decimal is exact; a cast alone would cut off. What does not fit becomes NULL.
    try_cast(round(p.uren_per_week, 2) as decimal(12, 2)) as uren_per_week,
    try_cast(round(p.verloonde_uren_maand, 2) as decimal(12, 2)) as verloonde_uren_maand,
    p.soort_dienstverband,
    p.sector,
    p.bemiddeld_door,
    p.loonkostensubsidie,
    p.jobcoach,
    p.no_riskpolis,
    p.proefplaatsing,
    p.lopend,
    case
        when p.begindatum > p.peildatum or p.einddatum < p.begindatum then null
        when p.lopend then p.peildatum - p.begindatum + 1
        else p.einddatum - p.begindatum + 1
    end::integer as duur_dagen,
    case when r.is_er then b.plaatsing_id is not null end as in_register_bij_begin
from core.plaatsingen as p
cross join register as r
left join bij_begin as b on b.plaatsing_id = p.plaatsing_id
