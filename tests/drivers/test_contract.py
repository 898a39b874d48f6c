"""The same journeys over every driver: what a driver promises, whatever product it speaks to."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings
from entsurge.commands.processes import sandbox
from entsurge.plan.people import population

SPEAKS = {"portal": "skolengo", "skolengo-mobile": "skolengo", "entcore": "entcore", "moodle": "moodle"}
LACKS = {"entcore": ["chat", "video-class"], "moodle": ["absences", "video-class"]}


def of_sandbox() -> tuple[str, dict]:
    """A school of the sandbox, and one account of each persona there."""
    people = population(profiles.load("lockdown-2020"))
    first = people.person("student", 0)
    found = {}
    for persona in ("student", "teacher", "parent", "staff"):
        member = next(
            person for person in (people.person(persona, n) for n in range(people.count(persona)))
            if person.uai == first.uai
        )  # fmt: skip
        found[persona] = [member.login, member.password]
    return first.uai, found


@pytest.fixture(scope="module", params=SPEAKS)
def seen(request, tmp_path_factory) -> tuple[str, dict]:
    """What one driver showed of the embedded ENT with its product's face, gone through once."""
    name = request.param
    school, accounts = of_sandbox()
    file = tmp_path_factory.mktemp("contract") / "ent.db"
    settings = demo_settings(profiles.load("lockdown-2020"))
    quick = replace(
        settings, speak=SPEAKS[name], database=f"sqlite:///{file}", default_seconds=0.001, service_seconds={},
        reread_seconds=settings.compression / 5, password_cost=1,
    )  # fmt: skip
    told = {"driver": name, "stand_in": dict.fromkeys(LACKS.get(name, []), "home"), "accounts": accounts,
            "school": school, "database": str(file), "extra": name in LACKS}  # fmt: skip
    with sandbox(quick.to_json()) as (url, token):
        return name, gone_through({**told, "url": url, "token": token})


def gone_through(told: dict) -> dict:
    script = Path(__file__).with_name("contract.py")
    done = subprocess.run(
        [sys.executable, str(script), json.dumps(told)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_page_of_every_persona(seen) -> None:
    """Each persona signs on, every hop well, and gets every page of the shipped scenarios, written ones included."""
    for persona, of in seen[1]["personas"].items():
        pages = {name: each for name, each in of["pages"].items() if name != "signed out"}
        assert {name: each for name, each in pages.items() if each[0] != "ok"} == {}, (seen[0], persona)
        assert len(pages) > 8
        assert of["hops"]
        assert set(of["hops"]) == {"ok"}


def test_who_is_signed_out_gets_nothing(seen) -> None:
    """Without a session no page is taken for a page, whatever its status."""
    assert {of["pages"]["signed out"][0] for of in seen[1]["personas"].values()} == {"failed"}


def test_a_wrong_password_and_a_full_house_are_told_apart(seen) -> None:
    """One has failed by its name, the other was shed, though both may answer 200."""
    assert seen[1]["wrong password"] == ["failed", "bad credentials"]
    assert seen[1]["full"][0] == "shed"


def test_read_only_writes_nothing(seen) -> None:
    """Where nothing may be written, every page is still got, and nothing is created."""
    pages = seen[1]["read_only"]["pages"]
    assert {each[0] for name, each in pages.items() if name != "signed out"} == {"ok"}
    assert seen[1]["made_read_only"] == []


def test_what_was_written_is_listed_and_removed(seen) -> None:
    """Everything that was created is in the list; removing it leaves the product as it was."""
    _, found = seen
    assert found["created"]
    assert found["left before"] > 0
    assert set(found["removed"]) <= {"removed", "gone"}
    assert found["left"] == 0


def test_statuses(seen) -> None:
    """What sheds, what fails."""
    assert seen[1]["classified"] == {"200": "ok", "429": "shed", "500": "failed", "509": "shed"}
