with
laatste as (
    select gemeentecode, gemeente, klant_van, met_profiel, zonder_profiel, totaal, dekking_pct
    from marts.transparantie_klantprofielen
    where peildatum = (select max(peildatum) from marts.transparantie_klantprofielen)
),
regio as (
    select klant_van, dekking_pct
    from marts.transparantie_regio
    where peildatum = (select max(peildatum) from marts.transparantie_regio)
        and klant_van = 'GEMEENTE'
        and gebied not in (select uitvoeringsdienst from marts.dim_uitvoeringsdienst)
),
rijen as (
    select
        0 as plek,
        gemeente,
        sum(case when klant_van = 'GEMEENTE' then met_profiel else 0 end) as gemeente_met,
        sum(case when klant_van = 'GEMEENTE' then zonder_profiel else 0 end) as gemeente_zonder,
        max(case when klant_van = 'GEMEENTE' then dekking_pct end) as dekking_pct,
        sum(case when klant_van = 'UWV' then met_profiel else 0 end) as uwv_met,
        sum(case when klant_van = 'UWV' then zonder_profiel else 0 end) as uwv_zonder,
        sum(totaal) as totaal
    from laatste
    group by gemeente
    union all
    select
        1,
        'Totaal',
        sum(case when klant_van = 'GEMEENTE' then met_profiel else 0 end),
        sum(case when klant_van = 'GEMEENTE' then zonder_profiel else 0 end),
        (select max(dekking_pct) from regio),
        sum(case when klant_van = 'UWV' then met_profiel else 0 end),
        sum(case when klant_van = 'UWV' then zonder_profiel else 0 end),
        sum(totaal)
    from laatste
)
select
    gemeente::varchar,
    gemeente_met::varchar,
    gemeente_zonder::varchar,
    dekking_pct::varchar,
    uwv_met::varchar,
    uwv_zonder::varchar,
    totaal::varchar
from rijen
order by plek, gemeente
