-- description: De namen waaraan een gemeente te herkennen is. De naam zelf gaat voor een andere schrijfwijze.
-- grain: [zoeknaam]
-- columns:
--   zoeknaam: Naam in kleine letters, zonder spaties eromheen en zonder Gem. of Gemeente ervoor.
--   gemeentecode: Code van de gemeente met die naam.
--   gemeente: De naam zoals die hoort.
with
namen as (
    select
        regexp_replace(lower(trim(gemeente)), '^(gem\.|gemeente\s)\s*', '') as zoeknaam,
        gemeentecode,
        gemeente
    from ref.gemeenten
),
aliassen as (
    select
        regexp_replace(lower(trim(a.alias)), '^(gem\.|gemeente\s)\s*', '') as zoeknaam,
        a.gemeentecode,
        g.gemeente
    from ref.gemeente_aliassen as a
    left join ref.gemeenten as g on g.gemeentecode = a.gemeentecode
)
select zoeknaam, gemeentecode, gemeente
from namen
union all
select a.zoeknaam, a.gemeentecode, a.gemeente
from aliassen as a
left join namen as n on n.zoeknaam = a.zoeknaam
where n.zoeknaam is null
