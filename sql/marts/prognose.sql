-- description: Waar het aantal personen per categorie naartoe gaat, als de lijn door de laatste acht standen van het register doorloopt.
-- grain: [categorie]
-- columns:
--   categorie: WAJONG, WSW_WIW_ID of PARTICIPATIEWET. ONBEKEND als in een van de standen iemand zo telt.
--   stappen: {description: 'Aantal standen van het register waarop de lijn rust, hooguit acht.', unit: standen}
--   personen_nu: {description: 'Aantal personen in de laatste stand.', unit: personen}
--   helling_per_kwartaal: {description: 'Hoeveel personen er per kwartaal bij komen, twee decimalen. De rechte lijn met de kleinste kwadraten. Onder nul als het er minder worden, leeg bij één stand.', unit: personen per kwartaal}
--   snijpunt_op: Eerste dag waarop de lijn van PARTICIPATIEWET die van WAJONG heeft ingehaald, bij allebei vermeld. Leeg bij minder dan vier standen, als de lijnen na de laatste stand niet kruisen, en na het jaar 9999.
with
standen as (
    select
        peildatum,
        row_number() over (order by peildatum desc) as plek
    from marts.doelgroep_stand
    group by peildatum
),
-- Time in parts of a quarter: the last day of a quarter is a whole number of quarters, and a day is
-- 1/90, 1/91 or 1/92 of one. 376.740 can be divided by each.
tijden as (
    select
        peildatum,
        (4 * year(peildatum) + quarter(peildatum)) * 376740
            - ((date_trunc('quarter', peildatum) + interval 3 months)::date - 1 - peildatum)
            * (
                376740
                // (
                    (date_trunc('quarter', peildatum) + interval 3 months)::date
                    - date_trunc('quarter', peildatum)::date
                )
            ) as tijd
    from standen
    where plek <= 8
),
laatste as (
    select max(peildatum) as peildatum, max(tijd)::hugeint as tijd, count(*)::hugeint as stappen
    from tijden
),
categorieen as (
    select 'WAJONG' as categorie
    union
    select 'WSW_WIW_ID'
    union
    select 'PARTICIPATIEWET'
    union
    select s.categorie
    from marts.doelgroep_stand as s
    inner join tijden as t on t.peildatum = s.peildatum
    where s.personen > 0
),
punten as (
    select
        c.categorie,
        (t.tijd - l.tijd)::hugeint as x,
        coalesce(sum(s.personen), 0)::hugeint as y
    from categorieen as c
    cross join tijden as t
    cross join laatste as l
    left join marts.doelgroep_stand as s
        on s.categorie = c.categorie and s.peildatum = t.peildatum
    group by c.categorie, t.tijd, l.tijd
),
-- Of the line y = a + b·x: b is richting / spreiding.
lijnen as (
    select
        p.categorie,
        l.stappen,
        sum(p.y) filter (where p.x = 0) as personen_nu,
        sum(p.x) as som_x,
        sum(p.y) as som_y,
        l.stappen * sum(p.x * p.y) - sum(p.x) * sum(p.y) as richting,
        l.stappen * sum(p.x * p.x) - sum(p.x) * sum(p.x) as spreiding
    from punten as p
    cross join laatste as l
    group by p.categorie, l.stappen
),
-- The difference of two lines is a line too; it is 0 at x = boven / onder, from the last stand on.
kruising as (
    select
        w.som_x * (p.richting - w.richting) - (p.som_y - w.som_y) * w.spreiding as boven,
        w.stappen * (p.richting - w.richting) as onder
    from lijnen as p
    cross join lijnen as w
    where p.categorie = 'PARTICIPATIEWET' and w.categorie = 'WAJONG' and w.stappen >= 4
),
kruising_straks as (
    select
        l.tijd * k.onder + k.boven as boven,
        376740 * k.onder as onder,
        (l.tijd * k.onder + k.boven - 1) // (376740 * k.onder) as kwartaal
    from kruising as k
    cross join laatste as l
    where k.onder > 0 and k.boven > 0
),
kruising_kwartaal as (
    select
        boven - kwartaal * onder as boven,
        onder,
        make_date((kwartaal // 4)::bigint, (kwartaal % 4 * 3 + 1)::bigint, 1) as eerste_dag
    from kruising_straks
    where kwartaal < 40000
),
snijpunt as (
    select
        eerste_dag - 1 + (
            (boven * ((eerste_dag + interval 3 months)::date - eerste_dag) + onder - 1) // onder
        )::integer as datum
    from kruising_kwartaal
)
select
    l.categorie,
    l.stappen::bigint as stappen,
    l.personen_nu::bigint as personen_nu,
    -- whole hundredths, rounded half up, in integers: a quotient of decimals would be a DOUBLE
    try_cast(
        sign(l.richting)::hugeint * (
            (200 * 376740 * abs(l.richting) + l.spreiding) // nullif(2 * l.spreiding, 0)
        ) * 0.01::decimal(12, 2)
        as decimal(12, 2)
    ) as helling_per_kwartaal,
    s.datum as snijpunt_op
from lijnen as l
left join snijpunt as s on l.categorie in ('WAJONG', 'PARTICIPATIEWET')
