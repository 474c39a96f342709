-- description: De categorieën samen zijn gelijk aan het aantal personen in de laatste stand van het register.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som over de categorieën niet gelijk aan het aantal personen in de laatste stand.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
laatste as (
    select max(peildatum) as peildatum
    from marts.doelgroep_stand
),
stand as (
    select coalesce(sum(s.personen), 0) as personen
    from marts.doelgroep_stand as s
    inner join laatste as l on l.peildatum = s.peildatum
),
prognose as (
    select coalesce(sum(personen_nu), 0) as personen
    from marts.prognose
)
select p.personen
from prognose as p
cross join stand as s
where p.personen <> s.personen
