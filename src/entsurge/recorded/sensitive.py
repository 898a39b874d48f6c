"""What may not be written down: found by the type of its field, by its name, by how random it is, by coming again."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import log2

PASSWORD = re.compile(r"pass(?!age|er|ion|ive)|pwd|mdp|mot.?de.?passe|otp\b|\bpin\b", re.IGNORECASE)
"""Names of what a person types to prove who they are."""
ALWAYS = re.compile(
    rf"{PASSWORD.pattern}|secret(?!ar)|token|jeton|csrf|xsrf|jwt|credential|api.?key|access.?key|"
    r"private.?key|assertion|samlre|captcha",
    re.IGNORECASE,
)
"""Names whose values are never kept, whatever they are."""
PERHAPS = re.compile(
    r"auth(?!or)|key\b|key$|code\b|code$|\bsid\b|(?<!as)sess|\bstate\b|nonce|hash|\bsig\b|signature|ticket|execution|viewstate|"
    r"\blt\b|\buid\b|guid|uuid|sceau",
    re.IGNORECASE,
)
"""Names whose values are not kept where they look as if somebody had drawn them."""
PERSONAL = re.compile(
    r"(?:^|[_.\[-])(?:e?mail|courriel|nom|prenom|first_?name|last_?name|surname|tel|telephone|phone|mobile|portable|"
    r"adresse|address|birth\w*|naissance|nir|ine|iban|login|user_?name|identifiant|responsable)(?:$|[_.\]-])",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.\w")
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d(?:-\d\d)?(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?")
_WORDS = re.compile(r"[A-Z]?[a-z]*(?:[A-Z][a-z]+|[._ -][A-Z]?[a-z]+)*\d{0,3}")
_DRAWN = re.compile(r"[A-Za-z0-9_+/=.~%:-]+")
_BREAK = re.compile(r"[._~%:+/=-]")
_NAME = re.compile(r"[\w$@.:\[\]/-]+")
_LETTERS = re.compile(r"[A-Za-z]{8,}")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_SHORT = frozenset("xml http https html sql css js php pdf my by to of id de du".split())  # noqa: SIM905  read as a list
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}", re.IGNORECASE)
_A_WORD = re.compile(r"[a-z]{4}")
SHORTEST, LONGEST = 6, 4096
LONGEST_NAME = 80


def worth_tracing(value: str) -> bool:
    """Whether a value may be a token or a number that the server gave: no word, no sentence."""
    if any(letter.isspace() for letter in value) or len(value) > LONGEST:
        return False
    if value.isdigit():
        return value not in ("0", "1")
    if any(letter.isdigit() for letter in value):
        return len(value) >= SHORTEST
    return len(value) >= 16 and not value.islower() and not value.isupper()


def drawn(value: str) -> bool:
    """Whether a value looks as if it had been drawn: a token, a digest, an identifier of many letters and digits."""
    if len(value) > LONGEST or _UUID.fullmatch(value):
        return True
    if len(value) < 8 or value.isdigit() or _DATE.fullmatch(value) or _are_words(value):
        return False
    if _DRAWN.fullmatch(value) is None:
        return False
    if any(_drawn_run(run) for run in _BREAK.split(value)):
        return True
    if _A_WORD.search(value):
        return False
    return _drawn_run(_BREAK.sub("", value)) or (len(value) >= 24 and _bits(value) > 4.0)


def _drawn_run(run: str) -> bool:
    """Letters and digits without a break: mixed as no word is."""
    digits = sum(letter.isdigit() for letter in run)
    if len(run) < 8 or run.isdigit() or _are_words(run):
        return False
    changes = sum(_kind(one) != _kind(other) for one, other in pairwise(run))
    if digits and (changes >= 4 or (len(run) >= 16 and changes >= 3)):
        return True
    return len(run) >= 16 and changes >= len(run) // 3


def _are_words(text: str) -> bool:
    """Whether a text is words put together, each longer than a letter or two."""
    return _WORDS.fullmatch(text) is not None and sum(letter.isupper() for letter in text) * 3 <= max(len(text), 6)


def without_words(text: str) -> bool:
    """Whether letters look drawn: runs of eight and more that are no words put together, as in `xeVlmOdYgVeq`."""
    return any(_unspeakable(run) for run in _LETTERS.findall(text))


def _unspeakable(run: str) -> bool:
    """Small pieces between the capitals, or pieces without a vowel; consonants without end."""
    humps = [hump for hump in _HUMPS.findall(run) if hump.lower() not in _SHORT]
    if any(_CONSONANTS.search(hump) for hump in humps):
        return True
    if len(humps) < 2:
        return False
    strange = sum(len(hump) < 3 or not _VOWEL.search(hump) for hump in humps if not hump.isupper() or len(hump) == 1)
    return strange >= 2 or (strange == 1 and len(humps) <= 2 and not humps[0].islower())


def _kind(letter: str) -> int:
    return 0 if letter.isdigit() else 1 if letter.islower() else 2


def _bits(value: str) -> float:
    """Shannon's entropy of a text, in bits a character."""
    counts = Counter(value)
    return -sum(count / len(value) * log2(count / len(value)) for count in counts.values())


def secret_name(name: str, value: str) -> bool:
    """Whether a value may not be kept, for its field is called as those of secrets are."""
    if not value:
        return False
    if ALWAYS.search(name):
        return True
    return PERHAPS.search(name) is not None and worth_tracing(value) and not (value.isdigit() and len(value) <= 4)


def personal_name(name: str) -> bool:
    """Whether a field is called as those are that say who somebody is."""
    return PERSONAL.search(name) is not None


def by_look(value: str) -> bool:
    """Whether a value may not be kept for what it looks like: drawn by a machine, or somebody's address."""
    return drawn(value) or ("@" in value and _ADDRESS.search(value) is not None)


def harmless_name(name: str) -> bool:
    """Whether a name (of a field, a cookie, a key) says what something is, and is not itself drawn or somebody's."""
    if len(name) > LONGEST_NAME or _NAME.fullmatch(name) is None or (name.isdigit() and len(name) > 3):
        return False
    return not by_look(name)
