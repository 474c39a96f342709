-- description: De uitkomst van elke controle, per peildatum en groep.
-- grain: [peildatum, check, groep]
-- budget: {removed: 100%, changed: 100%}
-- columns:
--   peildatum: Datum waarover de gecontroleerde cijfers gaan.
--   check: Naam van de controle.
--   groep: Gemeente, bron of andere groep waarvoor de controle is gedaan. alle als de controle niet per groep is.
--   tabel: Tabel die is gecontroleerd.
--   ernst: ok, info, waarschuwing, alarm, blokkerend of geen_oordeel.
--   waarde: {description: 'Uitkomst van de controle, afgerond op twee decimalen. Leeg als die er niet is.', unit: zoals de controle meet}
--   drempel: {description: 'Grens die is overschreden. Anders de mildste grens van de controle.', unit: zoals de controle meet}
--   teller: {description: 'Bij een aandeel het deel dat is geteld.', unit: zoals de controle meet}
--   noemer: {description: 'Bij een aandeel het geheel waarvan het deel is genomen.', unit: zoals de controle meet}
--   sinds: Eerste peildatum waarop de controle zonder onderbreking deze ernst heeft.
--   uitleg: De uitkomst in gewone taal.
--   toestand: nieuw, open, erger, beter of opgelost, vergeleken met de vorige keer dat er is gecontroleerd. Leeg als er niets aan de hand was en is.
select
    peildatum,
    "check",
    groep,
    tabel,
    ernst,
    waarde,
    drempel,
    teller,
    noemer,
    sinds,
    uitleg,
    toestand
from meta.bevindingen
