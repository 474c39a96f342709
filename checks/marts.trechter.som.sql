-- description: De eerste stap van de trechter telt iedereen in het register, en elke stap telt de personen voor wie hij geldt.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} gevallen is de som over de gemeenten in de trechter niet gelijk aan het aantal personen in het register.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
trechter as (
    select
        coalesce(sum(personen) filter (where stap = 'in_register'), 0) as in_register,
        coalesce(sum(personen) filter (where stap = 'geplaatst'), 0) as geplaatst
    from marts.trechter
),
in_beeld as (
    select count(*) as in_register, count(*) filter (where is_geplaatst) as geplaatst
    from core.doelgroep_in_beeld
),
register as (
    select count(*) as in_register
    from core.doelgroep
)
select t.in_register, t.geplaatst
from trechter as t
cross join in_beeld as b
cross join register as r
where t.in_register <> b.in_register
    or t.in_register <> r.in_register
    or t.geplaatst <> b.geplaatst
