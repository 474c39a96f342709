-- Made these files with DuckDB 1.1.2, the version inside the binary: python3 with duckdb==1.1.2, from
-- this directory, duckdb.connect(config={'threads': 1}).execute(open('duckdb.sql').read()).
create table mart as
select
    date '2020-12-31' + (i % 7)::integer                                          as peildatum,
    'GM0' || (300 + i % 11)                                                       as gemeentecode,
    case when i % 5 = 0 then null else 'Wijdemeren ' || (i % 3) || ' €' end       as gemeente,
    case when i % 4 = 0 then null else i % 3 = 0 end                              as lopend,
    case when i % 6 = 0 then null else (i - 100)::integer end                     as personen,
    (i * 30000000000000000)::bigint                                               as groot,
    case when i % 9 = 0 then null else (i / 3.0 - 20)::decimal(5, 1) end          as dekking_pct,
    case when i % 8 = 0 then null else (i * 1234567 / 100.0)::decimal(12, 2) end  as banen,
    ((i - 100) * 3999999999.999999)::decimal(18, 6)                               as helling,
    case when i % 10 = 0 then null else timestamp '2020-12-31 23:59:59.000001' + to_hours(i) end
                                                                                  as ontvangen_op,
    null::varchar                                                                 as leeg,
from range(300) as t(i)
order by all;

copy mart to 'duckdb.parquet' (
    format parquet, compression zstd, row_group_size 2048,
    kv_metadata {peildatum: '2020-12-31', vingerafdruk: 'f00', versie: '1'}
);
copy (from mart limit 0) to 'duckdb_leeg.parquet' (
    format parquet, compression zstd,
    kv_metadata {peildatum: '2020-12-31', vingerafdruk: 'f00', versie: '1'}
);

create macro telling(naam, som, waarden) as
    naam || ';' || som::varchar || ';' || (300 - waarden)::varchar;
copy (
    select unnest([
        telling('peildatum', sum(peildatum - date '1970-01-01'), count(peildatum)),
        telling('gemeentecode', sum(strlen(gemeentecode)), count(gemeentecode)),
        telling('gemeente', sum(strlen(gemeente)), count(gemeente)),
        telling('lopend', sum(lopend::integer), count(lopend)),
        telling('personen', sum(personen), count(personen)),
        telling('groot', sum(groot), count(groot)),
        telling('dekking_pct', sum(dekking_pct), count(dekking_pct)),
        telling('banen', sum(banen), count(banen)),
        telling('helling', sum(helling), count(helling)),
        telling('ontvangen_op', sum(epoch_us(ontvangen_op)), count(ontvangen_op)),
        telling('leeg', coalesce(sum(strlen(leeg)), 0), count(leeg))
    ]) as "kolom;som;leeg"
    from mart
) to 'duckdb.csv' (delimiter '|', quote '');
