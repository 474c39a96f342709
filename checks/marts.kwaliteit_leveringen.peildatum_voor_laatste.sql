-- description: De levering die het laatst binnenkwam gaat over een eerdere datum dan een levering die er al was.
-- severity: warn
-- per: bron
-- notify: [supplier, datateam]
-- explain: 'De levering van {bron} die het laatst binnenkwam gaat over een eerdere datum dan een levering die er al was. Is dat een verbetering van oude cijfers, dan is het goed. Anders staat er een verkeerde datum in de naam van het bestand.'
with
aanvaard as (
    select
        bron,
        levering,
        peildatum,
        max(peildatum) over (partition by bron) as laatste_peildatum,
        row_number() over (partition by bron order by ontvangen_op desc, peildatum desc) as plek
    from marts.kwaliteit_leveringen
    where status = 'aanvaard'
)
select bron, levering
from aanvaard
where plek = 1 and peildatum < laatste_peildatum
