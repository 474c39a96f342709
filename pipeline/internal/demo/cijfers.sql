with
stand as (
    select
        peildatum,
        sum(personen) as personen,
        sum(personen) filter (where categorie = 'PARTICIPATIEWET') as participatiewet,
        sum(personen) filter (where categorie = 'WSW_WIW_ID') as wsw_wiw_id,
        sum(personen) filter (where verantwoordelijke = 'GEMEENTE') as gemeente
    from marts.doelgroep_stand
    group by peildatum
),
aanvragen as (
    select
        make_date(left(kwartaal, 4)::integer, 12, 31) as peildatum,
        sum(aanvragen) as aanvragen,
        sum(aanvragen) filter (where indiener = 'GEMEENTE') as gemeente,
        sum(aanvragen) filter (where indiener = 'INWONER') as inwoner
    from marts.aanvragen
    group by left(kwartaal, 4)
),
realisatie as (
    select
        (
            make_date(left(kwartaal, 4)::integer, 3 * right(kwartaal, 1)::integer, 1)
            + interval 1 month
        )::date - 1 as peildatum,
        gebied,
        extra_banen::integer as extra_banen,
        norm::integer as norm,
        realisatie_pct
    from marts.realisatie
),
dekking as (
    select peildatum, gebied, dekking_pct
    from marts.transparantie_regio
    where klant_van = 'GEMEENTE'
),
cijfers as (
    select 'extra_banen_realisatie' as indicator, peildatum, gebied, extra_banen::varchar as waarde
    from realisatie
    union all
    select 'extra_banen_norm', peildatum, gebied, norm::varchar
    from realisatie
    union all
    select 'extra_banen_realisatie_pct', peildatum, gebied, realisatie_pct::varchar
    from realisatie
    union all
    select 'dekking_gemeenteklanten_pct', peildatum, gebied, dekking_pct::varchar
    from dekking
    union all
    select 'personen_doelgroepregister', peildatum, null, personen::varchar
    from stand
    union all
    select 'personen_participatiewet', peildatum, null, participatiewet::varchar
    from stand
    union all
    select 'personen_wsw_wiw_id', peildatum, null, wsw_wiw_id::varchar
    from stand
    union all
    select 'personen_verantwoordelijkheid_gemeente', peildatum, null, gemeente::varchar
    from stand
    union all
    select 'aanvragen_indicatie', peildatum, null, aanvragen::varchar
    from aanvragen
    union all
    select 'aanvragen_indicatie_gemeente', peildatum, null, gemeente::varchar
    from aanvragen
    union all
    select 'aanvragen_indicatie_inwoner', peildatum, null, inwoner::varchar
    from aanvragen
)
select
    indicator,
    peildatum::varchar as peildatum,
    -- what has no gebied is counted over everybody: the deliveries are those of the region
    coalesce(gebied, 'Gooi en Vechtstreek') as gebied,
    waarde
from cijfers
where waarde is not null
order by all
