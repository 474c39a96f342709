-- description: De uitvoeringsdiensten samen tellen elke gemeenteklant in Sonar.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som over de uitvoeringsdiensten niet gelijk aan het aantal gemeenteklanten in Sonar.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
diensten as (
    select
        coalesce(sum(gemeenteklanten), 0) as gemeenteklanten,
        coalesce(sum(zonder_profiel), 0) as zonder_profiel
    from marts.achterstand_registratie
),
klanten as (
    select count(*) as gemeenteklanten, count(*) filter (where not heeft_klantprofiel) as zonder_profiel
    from core.klanten
    where klant_van = 'GEMEENTE'
)
select d.gemeenteklanten, d.zonder_profiel
from diensten as d
cross join klanten as k
where d.gemeenteklanten <> k.gemeenteklanten or d.zonder_profiel <> k.zonder_profiel
