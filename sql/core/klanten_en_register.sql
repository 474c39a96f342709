-- description: De klanten in Sonar op de peildatum, met of zij op die dag in het doelgroepregister staan.
-- grain: [peildatum, persoon_id]
-- per: peildatum
-- columns:
--   gemeentecode: Gemeente volgens Sonar.
--   in_register: Of een registratie op de peildatum geldt.
--   uit_register: Of de persoon in het register stond en nu niet meer. Een registratie van één dag, of die eindigt voor zij begint, telt niet.
with
beeindigd as (
    select distinct persoon_id
    from staging.doelgroepregister
    where einddatum < peildatum and einddatum > begindatum
)
select
    k.peildatum,
    k.persoon_id,
    k.gemeentecode,

    k.gemeente,
    k.klant_van,

    d.persoon_id is not null as in_register,
    d.persoon_id is null and b.persoon_id is not null as uit_register
from core.klanten as k
left join core.doelgroep as d on d.persoon_id = k.persoon_id
left join beeindigd as b on b.persoon_id = k.persoon_id
