-- description: Uitvoeringsdiensten van de regio, met een regel Onbekend voor wie buiten de regio valt.
-- grain: [uitvoeringsdienst]
-- columns:
--   uitvoeringsdienst: Naam van de uitvoeringsdienst.
--   gemeenten: Gemeenten waarvoor de dienst werkt of werkte, op alfabet. Leeg bij Onbekend.
with
diensten as (
    select uitvoeringsdienst, gemeente
    from staging.gemeenten
    where in_regio
    union all
    select 'Onbekend', null
)
select
    uitvoeringsdienst,
    string_agg(gemeente, ', ' order by gemeente) as gemeenten
from diensten
group by uitvoeringsdienst
