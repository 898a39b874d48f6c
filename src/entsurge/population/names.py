"""Where invented names come from: Faker's French lists, indexed by a hash."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from functools import cache

SUBJECTS = (
    "Français",
    "Mathématiques",
    "Histoire-géographie",
    "Anglais",
    "Physique-chimie",
    "SVT",
    "Espagnol",
    "EPS",
    "SES",
    "Philosophie",
    "Allemand",
    "NSI",
)
_SCHOOLS = ("Tilleuls", "Érables", "Bleuets", "Genêts", "Ormes", "Sorbiers", "Noyers", "Lilas", "Acacias")
_LEVELS = ("2DE", "1RE", "TLE")


def draw(*key: object) -> int:
    """A number below 2⁶⁴ that depends on the key alone, on every machine."""
    text = "\x1f".join(map(str, key)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


def secret(*key: object) -> str:
    """A twelve-letter password that depends on the key alone."""
    text = "\x1f".join(map(str, key)).encode()
    digest = hashlib.blake2b(text, digest_size=10, person=b"password").digest()
    return base64.b32encode(digest).decode().lower()[:12]


@cache
def given_names() -> tuple[str, ...]:
    """The French given names, in an order that does not depend on Faker's."""
    from faker.providers.person.fr_FR import Provider  # costs 0.1 s that --help need not pay

    return tuple(sorted({*Provider.first_names_male, *Provider.first_names_female}))


@cache
def family_names() -> tuple[str, ...]:
    """The French family names, in an order that does not depend on Faker's."""
    from faker.providers.person.fr_FR import Provider

    return tuple(sorted(set(Provider.last_names)))


@cache
def school_name(school: int) -> str:
    """The name of a school, distinct for each."""
    series, tree = divmod(school, len(_SCHOOLS))
    return f"Lycée des {_SCHOOLS[tree]}" + (f" {series + 1}" if series else "")


@cache
def class_name(number: int) -> str:
    """The name of a school's class: 2DE1, 1RE1, TLE1, 2DE2 and so on."""
    return f"{_LEVELS[number % 3]}{number // 3 + 1}"


@cache
def login_stem(family_name: str) -> str:
    """A family name as it stands in a login: ASCII letters alone."""
    plain = unicodedata.normalize("NFKD", family_name.lower())
    return "".join(letter for letter in plain if "a" <= letter <= "z")
