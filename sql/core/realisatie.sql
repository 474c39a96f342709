-- description: De cijfers uit de laatste levering van UWV, één regel per kwartaal en gebied, niet afgerond.
-- grain: [kwartaal, gebied]
-- columns:
--   kwartaal: Kwartaal waarover de cijfers gaan, zoals 2020-Q4.
--   gebied: Arbeidsmarktregio of land.
--   is_regio: Of het gebied de eigen regio is.
--   is_laatste: Of dit het laatste kwartaal is waarover van het gebied de extra banen en de norm bekend zijn.
--   extra_banen: Extra banen sinds de nulmeting, zoals gepubliceerd.
--   norm: Aantal extra banen dat is afgesproken.
--   nulmeting: Aantal banen eind 2012.
--   personen_doelgroepregister: Aantal personen in het doelgroepregister, zoals gepubliceerd.
--   uren_eigen_telling: Uren per week van de laatste stand van de plaatsingen in het kwartaal, zonder beschut werk. Alleen voor de eigen regio.
with
laatste as (
    select max(peildatum) as peildatum
    from staging.uwv_trend
),
cijfers as (
    select
        t.kwartaal,
        t.gebied,
        max(t.waarde) filter (where t.indicator = 'extra_banen') as extra_banen,
        max(t.waarde) filter (where t.indicator = 'norm_extra_banen') as norm,
        max(t.waarde) filter (where t.indicator = 'nulmeting') as nulmeting,
        max(t.waarde) filter (where t.indicator = 'personen_doelgroepregister')
            as personen_doelgroepregister
    from staging.uwv_trend as t
    inner join laatste as l on l.peildatum = t.peildatum
    group by t.kwartaal, t.gebied
),
bekend as (
    select gebied, max(kwartaal) as kwartaal
    from cijfers
    where extra_banen is not null and norm is not null
    group by gebied
),
eigen_standen as (
    select
        year(peildatum) || '-Q' || quarter(peildatum) as kwartaal,
        uren_voor_banen,
        row_number() over (
            partition by year(peildatum), quarter(peildatum)
            order by peildatum desc
        ) as plek
    from core.banen
)
select
    c.kwartaal,
    c.gebied,

    r.gebied is not null as is_regio,
    b.gebied is not null as is_laatste,

    c.extra_banen,
    c.norm,
    c.nulmeting,
    c.personen_doelgroepregister,
    case when r.gebied is not null then e.uren_voor_banen end as uren_eigen_telling
from cijfers as c
left join ref.regio as r on lower(r.gebied) = lower(trim(c.gebied))
left join bekend as b on b.gebied = c.gebied and b.kwartaal = c.kwartaal
left join eigen_standen as e on e.kwartaal = c.kwartaal and e.plek = 1
