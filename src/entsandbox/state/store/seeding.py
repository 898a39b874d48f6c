"""What the schools have written before anyone comes: the same for a seed and a day, wherever it runs."""

from __future__ import annotations

import io
from itertools import count
from typing import TYPE_CHECKING, Any

from entsandbox.authorities import authorities
from entsandbox.state.store import accounts, moment, schema, seeding_classes, seeding_mail
from entsandbox.state.store.attachments import Upload
from entsurge.population.accounts import everyone
from entsurge.population.names import draw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from entsandbox.state.store.database import Database
    from entsandbox.state.store.disk import Disk
    from entsurge.population import Person, Population

_REASONS = (
    ("MALADIE", "Maladie"),
    ("RDV", "Rendez-vous médical"),
    ("TRANSPORT", "Transport"),
    ("FAMILLE", "Raison familiale"),
    ("AUTRE", "Autre motif"),
)
_NEWS = ("Conseil de classe", "Journée portes ouvertes", "Organisation de la semaine", "Menu de la cantine")
_TEXT = "Texte d'essai, écrit par personne : les informations de la semaine se trouvent dans cette page. " * 4
_DOCUMENT_BYTES = (18_000, 42_000, 95_000, 180_000)


def seed(database: Database, disk: Disk, population: Population, day: date | None = None) -> None:
    """Fill a rebuilt database: accounts, two weeks of lessons and work, messages, marks, absences, files, news."""
    today = (day or moment.today()).isoformat()
    documents = _documents(disk)
    people = list(everyone(population))
    database.bulk(schema.ACCOUNT, (_account(population, person) for person in people))
    classes = seeding_classes.Classes(population, people, today, documents)
    for table in seeding_classes.TABLES:
        database.bulk(table, classes.rows(table))
    mail = seeding_mail.Mail(people, today)
    for table in seeding_mail.TABLES:
        database.bulk(table, mail.rows(table))
    database.bulk(schema.ABSENCE_REASON, ((n, *reason) for n, reason in enumerate(_REASONS, 1)))
    database.bulk(schema.NEWS, _news(population, today))


def _account(population: Population, person: Person) -> tuple[str, bytes, bytes, int, bool]:
    salt = draw(population.seed, "salt", person.login).to_bytes(8) * 2
    return accounts.row(person.login, person.password, salt)


def _documents(disk: Disk) -> list[Upload]:
    """The few documents that all seeded attachments and files share."""
    found = []
    for number, size in enumerate(_DOCUMENT_BYTES, 1):
        pattern = b"".join(draw("document", number, n).to_bytes(8) for n in range(512))
        content = (b"%PDF-1.4\n" + pattern * (size // len(pattern) + 1))[:size]
        digest, kept = disk.keep(io.BytesIO(content))
        found.append(Upload(f"document-{number}.pdf", "application/pdf", kept, digest))
    return found


def _news(population: Population, today: str) -> Iterator[tuple[Any, ...]]:
    schools = [population.school(index).uai for index in range(population.schools)]
    portals = [portal.path for portal in authorities(population)]
    number = count(1)
    for tenant in (*schools, *portals):
        for back, title in enumerate(_NEWS):
            at = f"{moment.day_after(today, back - len(_NEWS))}T08:00:00"
            yield next(number), tenant, title, _TEXT, "Rédaction de l'ENT", at
