-- description: Extra banen tegenover de norm, uit de laatste kwartaalcijfers van UWV, met de eigen telling van banen ernaast.
-- grain: [kwartaal, gebied]
-- columns:
--   kwartaal: Kwartaal waarover de cijfers gaan, zoals 2020-Q4.
--   gebied: Arbeidsmarktregio of land, zoals UWV het schrijft.
--   extra_banen: {description: 'Extra banen sinds de nulmeting, zoals gepubliceerd door UWV. Een baan is 25,5 betaalde uren per week. Leeg als UWV het cijfer niet geeft.', unit: banen}
--   norm: {description: 'Aantal extra banen dat aan het einde van het kwartaal is afgesproken. Leeg als UWV het cijfer niet geeft.', unit: banen}
--   realisatie_pct: {description: 'Extra banen als percentage van de norm, één decimaal. Leeg als er geen norm is.', unit: procent, denominator: 'norm'}
--   tekort: {description: 'Norm min extra banen. Onder nul als er meer banen zijn dan de norm vraagt.', unit: banen}
--   nulmeting: {description: 'Aantal banen bij de start van de banenafspraak, eind 2012. Leeg als UWV het cijfer niet geeft.', unit: banen}
--   personen_doelgroepregister: {description: 'Aantal personen in het doelgroepregister, zoals gepubliceerd door UWV. Leeg als UWV het cijfer niet geeft.', unit: personen}
--   banen_eigen_telling: {description: 'Banen volgens de eigen plaatsingen, op de laatste stand in het kwartaal. Uren per week gedeeld door 25,5; beschut werk telt als 0. Alleen voor de eigen regio, en leeg als er in het kwartaal geen stand is.', unit: banen}
select
    kwartaal,
    gebied,
    -- round() of a decimal is exact; a cast alone would cut off. What does not fit becomes NULL.
    try_cast(round(extra_banen, 2) as decimal(12, 2)) as extra_banen,
    try_cast(round(norm, 2) as decimal(12, 2)) as norm,
    -- whole tenths, rounded half up, in integers: a quotient of decimals would be a DOUBLE; in 38
    -- digits, for in 18 a figure of a million is too large to count in millionths
    try_cast(
        sign(extra_banen)::hugeint * sign(norm)::hugeint * (
            (
                2000 * (abs(extra_banen)::decimal(38, 6) * 1000000)::hugeint
                + (abs(norm)::decimal(38, 6) * 1000000)::hugeint
            )
            // nullif(2 * (abs(norm)::decimal(38, 6) * 1000000)::hugeint, 0)
        ) * 0.1::decimal(12, 1)
        as decimal(5, 1)
    ) as realisatie_pct,
    try_cast(round(norm - extra_banen, 2) as decimal(12, 2)) as tekort,
    try_cast(round(nulmeting, 2) as decimal(12, 2)) as nulmeting,
    try_cast(round(personen_doelgroepregister, 0) as bigint) as personen_doelgroepregister,
    -- hundredths of a baan in integers: one is 255.000 millionths of an hour
    try_cast(
        sign(uren_eigen_telling)::hugeint * (
            ((abs(uren_eigen_telling)::decimal(38, 6) * 1000000)::hugeint * 2 + 255000) // 510000
        ) * 0.01::decimal(12, 2)
        as decimal(12, 2)
    ) as banen_eigen_telling
from core.realisatie
