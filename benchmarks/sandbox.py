"""What a page of the sandbox costs its own processor, by kind of page: requests per second of one core.

Its declared limits are lifted and its pages take no time, so what is measured is its code: user and system time of
its process, read from the operating system, over so many requests. In the PostgreSQL column that of the database's
processes is not counted. Rounds are interleaved.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

import httpx
import options

from entsandbox.settings import Settings
from entsurge.commands.processes import end
from entsurge.population import Person, Population

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

TICKS = os.sysconf("SC_CLK_TCK")
PEOPLE = Population(1)
TEACHER, PUPIL = PEOPLE.person("teacher", 0), PEOPLE.person("student", 0)
PAGES = ("accueil", "cahier-de-textes", "travail", "messagerie", "notes", "absences", "fichiers", "actualites")


class Sandbox:
    """A running sandbox, its process, and two people signed on to it."""

    def __init__(self, stack: ExitStack, database: str) -> None:
        settings = Settings(unlimited=True, default_seconds=0, database=database)
        command = [sys.executable, "-P", "-m", "entsandbox", "--settings", settings.to_json(), "--watch-stdin"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stack.callback(end, self.process)
        if self.process.stdout is None:
            raise RuntimeError("the sandbox has no output")
        self.url = str(json.loads(self.process.stdout.readline())["url"])
        time.sleep(1)  # what it does at the start is over
        self.rest_megabytes = self.resident()
        self.pupil, self.teacher = (stack.enter_context(httpx.Client(base_url=self.url)) for _ in range(2))
        self.sign_on(self.pupil, PUPIL)
        self.csrf = field(self.sign_on(self.teacher, TEACHER), "csrf-token")

    def sign_on(self, client: httpx.Client, person: Person) -> str:
        """Sign on as a browser does, up to the home page's document."""
        service = {"service": f"{self.url}/etab/{person.uai}/"}
        form = client.get("/cas/login", params=service).text
        fields = {name: field(form, name) for name in ("lt", "execution")}
        answer = client.post(
            "/cas/login", params=service, data=fields | {"username": person.login, "password": person.password}
        )
        while answer.is_redirect:
            answer = client.get(answer.headers["location"])
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return answer.text

    def signs_on_anew(self) -> None:
        """One person signs on and leaves."""
        with httpx.Client(base_url=self.url) as client:
            self.sign_on(client, PUPIL)

    def get(self, path: str) -> None:
        """A pupil opens a page."""
        self.checked(self.pupil.get(path))

    def post(self, path: str, **fields: Any) -> None:
        """A teacher writes."""
        files = fields.pop("files", None)
        self.checked(self.teacher.post(path, data={"csrf": self.csrf, **fields}, files=files))

    @staticmethod
    def checked(answer: httpx.Response) -> None:
        """Nothing but 200 is measured."""
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.url}: {answer.status_code}")

    def first(self, path: str, kind: str) -> str:
        """Where a page's first link of a kind leads."""
        found = re.search(rf'href="(/etab/[^"]*/{kind}/\d+)"', self.pupil.get(path).text)
        if found is None:
            raise RuntimeError(f"no {kind} on {path}")
        return found[1]

    def cpu_seconds(self) -> float:
        """User and system time of the process so far."""
        parts = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / TICKS

    def resident(self) -> float:
        """Its resident memory, in megabytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def field(text: str, name: str) -> str:
    """The value of a hidden field or of a meta."""
    found = re.search(rf'name="{name}" (?:value|content)="([^"]*)"', text)
    return found[1] if found else ""


def kinds(sandbox: Sandbox) -> dict[str, Callable[[], None]]:
    """What is measured."""
    root, desk = f"/etab/{PUPIL.uai}/", f"/etab/{TEACHER.uai}/"
    work, letter = sandbox.first(root + "travail", "travail"), sandbox.first(root + "messagerie", "messagerie")
    file = sandbox.first(root + "fichiers", "fichiers")
    document = {"fichier": ("cours.txt", b"x" * 40_000)}
    found: dict[str, Callable[[], None]] = {"sign-on and home (5 requests)": sandbox.signs_on_anew}
    found |= {path: lambda path=path: sandbox.get(root + path) for path in PAGES}  # type: ignore[misc]
    return found | {
        "one piece of work": lambda: sandbox.get(work),
        "one conversation": lambda: sandbox.get(letter),
        "a file fetched": lambda: sandbox.get(f"{file}/contenu"),
        "a lesson written, with a file": lambda: sandbox.post(
            desk + "cahier-de-textes", titre="x", contenu="y", files=document
        ),
        "a message to a class": lambda: sandbox.post(
            desk + "messagerie", destinataire=TEACHER.classes[0], titre="x", contenu="y"
        ),
        "a register taken": lambda: sandbox.post(desk + "absences", classe=TEACHER.classes[0]),
        "a background call, one's own": lambda: sandbox.get(root + "api/notifications"),
        "a background call, anyone's": lambda: sandbox.get(root + "api/agenda"),
        "a static file": lambda: sandbox.get("/static/logo.svg"),
    }


def measured(sandbox: Sandbox, act: Callable[[], None], requests: int) -> float:
    """Milliseconds of the sandbox's processor for each time."""
    before = sandbox.cpu_seconds()
    for _ in range(requests):
        act()
    return (sandbox.cpu_seconds() - before) * 1_000 / requests


def table(
    given: argparse.Namespace, found: dict[str, dict[str, list[float]]], memory: dict[str, tuple[float, float]]
) -> str:
    """The figures as Markdown."""
    lines = [
        f"# The sandbox's own cost, {given.rounds} rounds of {given.requests}",
        "",
        "Milliseconds of its processor for each (median, minimum–maximum), and how many a second one core makes.",
        "",
        "| |" + "".join(f" {name}, ms | per core and second |" for name in memory),
        "|---|" + "--:|--:|" * len(memory),
    ]
    for kind, values in found.items():
        cells = []
        for times in values.values():
            middle = statistics.median(times)
            rate = f"{1_000 / middle:.0f}" if middle else "-"
            cells += [f"{middle:.2f} ({min(times):.2f}–{max(times):.2f})", rate]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    lines += ["", "| resident memory, MB | at rest | after the above |", "|---|--:|--:|"]
    lines += [f"| {name} | {rest:.0f} | {after:.0f} |" for name, (rest, after) in memory.items()]
    return "\n".join(lines) + "\n"


def sandboxes(stack: ExitStack) -> dict[str, Sandbox]:
    """One for each database that is installed."""
    import postgres  # the tests' own cluster

    if postgres.programs() is None:
        print("left out, not installed: PostgreSQL", file=sys.stderr)
        return {"SQLite": Sandbox(stack, "sqlite://")}
    cluster = stack.enter_context(postgres.cluster())
    return {
        "SQLite": Sandbox(stack, "sqlite://"),
        "PostgreSQL": Sandbox(stack, cluster.new_database("benchmark")),
    }


def main() -> None:
    """Measure and write the table."""
    parser = options.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200, help="of each kind and round")
    given = options.read(parser, short={"rounds": 1, "requests": 5})
    with ExitStack() as stack:
        served = sandboxes(stack)
        acts = {name: kinds(sandbox) for name, sandbox in served.items()}
        found: dict[str, dict[str, list[float]]] = {kind: {name: [] for name in served} for kind in acts["SQLite"]}
        for _ in range(given.rounds):
            for kind, values in found.items():
                for name, sandbox in served.items():
                    values[name].append(measured(sandbox, acts[name][kind], given.requests))
        memory = {name: (sandbox.rest_megabytes, sandbox.resident()) for name, sandbox in served.items()}
        text = table(given, found, memory)
    options.keep(given, "sandbox.md", text)


if __name__ == "__main__":
    main()
