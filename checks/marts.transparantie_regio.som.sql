-- description: De regio is de som van de gemeenten en van de uitvoeringsdiensten, en ALLE is de som van GEMEENTE en UWV.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is een totaal van de regio of een uitvoeringsdienst niet gelijk aan de som van de delen.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
delen as (
    select
        r.gebied,
        t.klant_van,
        sum(t.met_profiel) as met_profiel,
        sum(t.totaal) as totaal,
        sum(t.zichtbaar) as zichtbaar,
        sum(t.vindbaar) as vindbaar
    from marts.transparantie_klantprofielen as t
    cross join ref.regio as r
    group by r.gebied, t.klant_van
    union all
    select
        r.gebied,
        t.klant_van,
        sum(t.met_profiel),
        sum(t.totaal),
        sum(t.zichtbaar),
        sum(t.vindbaar)
    from marts.transparantie_regio as t
    inner join ref.regio as r on r.gebied <> t.gebied
    group by r.gebied, t.klant_van
    union all
    select
        gebied,
        'ALLE',
        sum(met_profiel),
        sum(totaal),
        sum(zichtbaar),
        sum(vindbaar)
    from marts.transparantie_regio
    where klant_van <> 'ALLE'
    group by gebied
)
select d.gebied, d.klant_van
from delen as d
left join marts.transparantie_regio as t on t.gebied = d.gebied and t.klant_van = d.klant_van
where t.met_profiel is distinct from d.met_profiel
    or t.totaal is distinct from d.totaal
    or t.zichtbaar is distinct from d.zichtbaar
    or t.vindbaar is distinct from d.vindbaar
