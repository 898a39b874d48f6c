"""What of the values that a visit has sent may stand in a draft: what is known to be harmless, and nothing else."""

from __future__ import annotations

import re

from entsurge.recorded.sensitive import drawn, without_words

CONSTANTS = frozenset(
    """
    true false on off yes no oui non null none undefined ok
    submit send save search login logout signin cancel close open back next previous apply confirm continue go
    create read update delete edit add remove new list view show get post put insert upload download reply forward
    envoyer enregistrer valider rechercher annuler fermer ouvrir suivant precedent continuer ajouter modifier supprimer
    creer connexion repondre publier
    all any default other auto normal simple full main home index page first last asc desc up down left right
    inbox sent draft drafts trash outbox archive unread important spam
    json html xml text csv pdf ajax rest api web mobile desktop
    fr en de es it pt br oc eu ca fr-fr en-us en-gb fr_fr en_us en_gb utf-8 iso-8859-1 europe/paris utc
    public private internal student teacher parent staff eleve enseignant
    day week month year today jour semaine mois annee
    """.split()  # noqa: SIM905  read as a list
)
"""Values that say nothing of anybody: compared in lower case."""
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,5})(?:\.\d{1,4})?")
_ENUMERATED = re.compile(
    r"(?:^|[_.\[-])(?:method(?:_?name)?|action|event_?id|event|cmd|command|op|operation(?:_?name)?|func|function|service|"
    r"module|type|kind|format|mode|sort(?:_?by)?|order(?:_?by)?|dir|direction|lang|language|locale|view|folder|status|"
    r"filter|tab|level|component|widget|scope|jsonrpc|response_type|grant_type|content_?type|mime_?type)(?:$|\])",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[A-Za-z][a-z]*(?:[A-Z][a-z]+|[._:/-][A-Za-z][a-z]*)*[0-9]?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_GRAPHQL = re.compile(r"\s*(?:query|mutation|subscription|fragment|\{)[\w\s{}()$:!,\[\]@.]*", re.ASCII)
LONGEST = 64
_IN_QUERY = re.compile(
    r"-?[1-9]\d{0,11}|\d{4}-\d\d(?:-\d\d)?(?:[T ][\d:.]+(?:Z|[ +-]\d\d:?\d\d)?)?|\d{1,3}(?:\.\d{1,3}){1,2}|"
    r"[1-9]\d{0,5}(?:,[1-9]\d{0,5}){1,20}|\d{1,3}%|"
    r"[^\w@]?[^\W\d_]{1,2}(?:[^\w@]{1,2}(?:[^\W\d_]{1,2}|\d)){0,3}[^\w@]?|[^\w@]{1,3}"
)
_STAMP = re.compile(r"_|t|ts|time|timestamp|nocache|rand", re.IGNORECASE)
_SINCE_1970 = re.compile(r"1[0-9]{9}(?:\d{3})?")
_ROUTED = re.compile(
    r"page|do|route|controller|ctrl|option|module|section|rubrique|onglet|menu|theme|skin|layout|display|group_?by|"
    r"periode?|format|step|etape|dossier|boite|vue|etat|statut|categorie|tri|ordre",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[a-zà-öø-ÿ]{2,16}(?:[._:/-][a-zà-öø-ÿ]{1,16}){0,3}[0-9]{0,2}")


def harmless(name: str, value: str) -> bool:
    """Whether a sent value may stand as it is: empty, a letter or two, a small number, a known constant.

    So may a word of an enumeration (`methodname`, `sort`), for its field says that it is one, and the text of a GraphQL
    query that holds no value.
    """
    if len(value) <= 2:
        return value.isascii() and (value.isalnum() or not value)
    if _NUMBER.fullmatch(value) or value.lower() in CONSTANTS:
        return True
    if name.lower() == "query" and _GRAPHQL.fullmatch(value):
        return re.search(r"\d{3}", value) is None
    if len(value) > LONGEST or not _ENUMERATED.search(_CAMEL.sub("_", name)):
        return False
    return _IDENTIFIER.fullmatch(value) is not None and not drawn(value) and not without_words(value)


def harmless_in_query(name: str, value: str) -> bool:
    """Whether the value of a query's field may stand as it is: what may be posted, a number, a date, a version.

    So may a word in lower case of a field by which addresses are routed (`page`, `do`, `theme`).
    """
    if harmless(name, value) or _IN_QUERY.fullmatch(value) or (_STAMP.fullmatch(name) and _SINCE_1970.fullmatch(value)):
        return True
    return _ROUTED.fullmatch(name) is not None and plain_word(value)


def plain_word(value: str) -> bool:
    """Whether a value is a word of an enumeration: short, in lower case, no drawn letters."""
    return _PLAIN.fullmatch(value) is not None and not drawn(value) and not without_words(value)


def free_text(value: str) -> bool:
    """Whether a person may have written it: letters and blanks; no token, no number."""
    letters = sum(letter.isalpha() or letter.isspace() for letter in value)
    return letters * 3 >= len(value) * 2 and not drawn(value)
