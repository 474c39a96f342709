-- description: Elke stap van de trechter telt cumulatief hooguit zo veel personen als de stap ervoor.
-- severity: block
-- notify: [datateam]
-- explain: 'In {aantal} {regel|regels} van de trechter telt een stap meer personen dan de stap ervoor, of ontbreekt een stap.'
-- action: 'Verbeter het model: elke stap van de trechter is een deel van de stap ervoor, en alle zes stappen horen erin. Tot die tijd blijven de vorige cijfers staan.'
select t.gemeentecode, t.stap
from marts.trechter as t
left join marts.trechter as v
    on v.peildatum = t.peildatum
    and v.gemeentecode = t.gemeentecode
    and v.volgorde = t.volgorde - 1
where t.personen_cumulatief > t.personen
    or t.personen_cumulatief > v.personen_cumulatief
    or (t.volgorde > 1 and v.volgorde is null)
