-- description: De personen in het doelgroepregister op de peildatum, met één categorie en één gemeente per persoon.
-- grain: [peildatum, persoon_id]
-- per: peildatum
-- columns:
--   gemeentecode: Gemeente van de registratie die het laatst begon; bij gelijke datum de laagste code.
--   categorie: WAJONG, WSW_WIW_ID, PARTICIPATIEWET of ONBEKEND. De eerste regel die past, telt.
--   verantwoordelijke: Wie de persoon aan werk helpt, UWV of GEMEENTE. ONBEKEND als de categorie dat is.
--   in_register_sinds: Eerste begindatum van de registraties die nu gelden.
with
ingedeeld as (
    select
        peildatum,
        persoon_id,
        case
            when bool_or(grondslag = 'WSW_DET') then 'WSW_WIW_ID'
            when bool_or(groep = 'WAJONG') then 'WAJONG'
            when bool_or(groep = 'WSW') then 'WSW_WIW_ID'
            when bool_or(groep = 'WIW_ID') then 'WSW_WIW_ID'
            when bool_or(groep = 'PARTICIPATIEWET') then 'PARTICIPATIEWET'
            else 'ONBEKEND'
        end as categorie,
        min(begindatum) as in_register_sinds
    from core.registraties
    group by peildatum, persoon_id
),
rangorde as (
    select
        persoon_id,
        gemeentecode,
        gemeente,
        row_number() over (partition by persoon_id order by begindatum desc, gemeentecode) as plek
    from core.registraties
)
select
    i.peildatum,
    i.persoon_id,
    w.gemeentecode,

    w.gemeente,
    i.categorie,
    case i.categorie
        when 'WAJONG' then 'UWV'
        when 'WSW_WIW_ID' then 'GEMEENTE'
        when 'PARTICIPATIEWET' then 'GEMEENTE'
        else 'ONBEKEND'
    end as verantwoordelijke,

    i.in_register_sinds
from ingedeeld as i
inner join rangorde as w on w.persoon_id = i.persoon_id and w.plek = 1
