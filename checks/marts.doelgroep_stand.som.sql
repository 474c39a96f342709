-- description: De categorieën samen zijn gelijk aan het aantal personen in het register. Iedereen heeft precies één categorie.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som over gemeenten en categorieën niet gelijk aan het aantal personen in het register.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
stand as (
    select coalesce(sum(personen), 0) as personen
    from marts.doelgroep_stand
),
ingedeeld as (
    select count(*) as personen
    from core.doelgroep
),
geregistreerd as (
    select count(distinct persoon_id) as personen
    from core.registraties
)
select s.personen
from stand as s
cross join ingedeeld as i
cross join geregistreerd as g
where s.personen <> i.personen or s.personen <> g.personen
