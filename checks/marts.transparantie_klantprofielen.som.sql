-- description: De gemeenten samen zijn gelijk aan alle klanten in Sonar.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som over de gemeenten niet gelijk aan het aantal klanten in Sonar.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
gemeenten as (
    select
        klant_van,
        sum(met_profiel) as met_profiel,
        sum(totaal) as totaal,
        sum(zichtbaar) as zichtbaar,
        sum(vindbaar) as vindbaar
    from marts.transparantie_klantprofielen
    group by klant_van
),
klanten as (
    select
        klant_van,
        count(*) filter (where heeft_klantprofiel) as met_profiel,
        count(*) as totaal,
        count(*) filter (where is_zichtbaar) as zichtbaar,
        count(*) filter (where is_vindbaar) as vindbaar
    from core.klanten
    group by klant_van
)
select coalesce(g.klant_van, k.klant_van) as klant_van
from gemeenten as g
full join klanten as k on k.klant_van = g.klant_van
where coalesce(g.met_profiel, 0) <> coalesce(k.met_profiel, 0)
    or coalesce(g.totaal, 0) <> coalesce(k.totaal, 0)
    or coalesce(g.zichtbaar, 0) <> coalesce(k.zichtbaar, 0)
    or coalesce(g.vindbaar, 0) <> coalesce(k.vindbaar, 0)
