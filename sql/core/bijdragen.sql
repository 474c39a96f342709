-- description: De gepubliceerde bijdragen van 2017 aan de capaciteit, met het aantal inwoners van de gemeenten.
-- grain: [partij]
-- columns:
--   partij: Naam van de partij. Een gemeente heet hier zoals het hoort.
--   gemeentecode: Code van de gemeente. Leeg bij een partij die geen gemeente is.
--   bedrag_gepubliceerd: Gepubliceerd bedrag, in hele euro's.
--   inwoners_2016: Aantal inwoners van de gemeente in 2016.
select
    b.partij,
    g.gemeentecode,

    b.bedrag_eur::bigint as bedrag_gepubliceerd,
    g.inwoners_2016
from ref.bijdragen_2017 as b
left join staging.gemeenten as g on g.gemeente = b.partij and g.in_regio
