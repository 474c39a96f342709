-- description: De eigen telling van banen in het laatste kwartaal waarover alles bekend is, tegenover nulmeting en extra banen van UWV.
-- severity: warn
-- per: kwartaal
-- notify: [sturing, datateam]
-- explain: 'De eigen telling van banen in {kwartaal} wijkt meer dan 2% af van nulmeting en extra banen volgens UWV.'
with
kwartalen as (
    select
        kwartaal,
        -- in hours, so that nothing is rounded: a baan is 25,5
        (nulmeting + extra_banen) * 25.5 as uren_uwv,
        uren_eigen_telling,
        row_number() over (partition by gebied order by kwartaal desc) as plek
    from core.realisatie
    where is_regio
        and uren_eigen_telling is not null
        and nulmeting is not null
        and extra_banen is not null
)
select kwartaal
from kwartalen
where plek = 1 and abs(uren_eigen_telling - uren_uwv) * 50 > abs(uren_uwv)
