-- description: De vorige stand met wat erbij kwam en wegging is de stand van nu, en allebei zijn ze gelijk aan de standen van het register.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {geval|gevallen} sluiten de mutaties niet aan op de vorige stand of de stand van nu.'
-- action: 'Verbeter het model: vorige stand, instroom, uitstroom en wissels moeten samen de stand van nu geven. Tot die tijd blijven de vorige cijfers staan.'
with
begin_en_einde as (
    select gemeentecode, categorie, personen as vorige_stand, 0 as stand
    from marts.doelgroep_stand__vorige
    union all
    select gemeentecode, categorie, 0, personen
    from marts.doelgroep_stand
),
standen as (
    select
        gemeentecode,
        categorie,
        sum(vorige_stand) as vorige_stand,
        sum(stand) as stand
    from begin_en_einde
    group by gemeentecode, categorie
),
vergelijking as (
    select count(*) > 0 as kan
    from staging.doelgroepregister__vorige
)
select
    coalesce(m.gemeentecode, s.gemeentecode) as gemeentecode,
    coalesce(m.categorie, s.categorie) as categorie
from marts.doelgroep_mutaties as m
full join standen as s on s.gemeentecode = m.gemeentecode and s.categorie = m.categorie
inner join vergelijking as v on v.kan
where coalesce(m.vorige_stand, 0) <> coalesce(s.vorige_stand, 0)
    or coalesce(m.stand, 0) <> coalesce(s.stand, 0)
    or m.vorige_stand + m.instroom - m.uitstroom + m.wissel_in - m.wissel_uit <> m.stand
