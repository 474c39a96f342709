-- description: De eerste stap van de trechter telt iedereen in het register, en elke stap telt de personen voor wie hij geldt.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} is de som over de gemeenten in de trechter niet gelijk aan het aantal personen in het register.'
-- action: 'Verbeter het model: er valt iemand of iets buiten de groepen, of telt dubbel. Groepen die niemand kent horen onder Onbekend. Tot die tijd blijven de vorige cijfers staan.'
with
trechter as (
    select
        coalesce(sum(personen) filter (where stap = 'in_register'), 0) as in_register,
        coalesce(sum(personen) filter (where stap = 'in_sonar'), 0) as in_sonar,
        coalesce(sum(personen) filter (where stap = 'met_klantprofiel'), 0) as met_klantprofiel,
        coalesce(sum(personen) filter (where stap = 'zichtbaar'), 0) as zichtbaar,
        coalesce(sum(personen) filter (where stap = 'werkfit'), 0) as werkfit,
        coalesce(sum(personen) filter (where stap = 'geplaatst'), 0) as geplaatst
    from marts.trechter
),
in_beeld as (
    select
        count(*) as in_register,
        count(*) filter (where in_sonar) as in_sonar,
        count(*) filter (where heeft_klantprofiel) as met_klantprofiel,
        count(*) filter (where is_zichtbaar) as zichtbaar,
        count(*) filter (where is_werkfit) as werkfit,
        count(*) filter (where is_geplaatst) as geplaatst
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
    or t.in_sonar <> b.in_sonar
    or t.met_klantprofiel <> b.met_klantprofiel
    or t.zichtbaar <> b.zichtbaar
    or t.werkfit <> b.werkfit
    or t.geplaatst <> b.geplaatst
