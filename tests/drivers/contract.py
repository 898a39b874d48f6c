"""Goes through what every driver promises, as visitors do, in a process of its own; prints what it saw as JSON."""

import locust  # isort: skip  # noqa: F401  it patches the process, as in the engine

import json
import sqlite3
import sys
import time
import urllib.request

from entsurge import content
from entsurge.audience.persona import PERSONAS
from entsurge.client.cookies import CookieJar
from entsurge.client.response import Headers, Response
from entsurge.drivers.portal_pages import PortalState
from entsurge.engine import probe
from entsurge.engine import scenarios as written
from entsurge.engine.target_access import TargetAccess
from entsurge.signon.tokens import Tokens
from entsurge.targets.accounts import AccountBook, Person
from entsurge.visit.driver import Created


def people(told: dict, password: str = "") -> AccountBook:
    """One account for each persona; all with a wrong password if one is given."""
    return AccountBook(
        [
            Person(persona, login, password or secret, told["school"], told["school"], "all")
            for persona, (login, secret) in told["accounts"].items()
        ]
    )


def journeys(told: dict, context, persona: str, scenario) -> dict:
    """Every page of a persona's journeys, in their order: outcome and reason."""
    seen = {}
    with probe.probing(context, persona, "all", 0) as visitor:
        signed_on = visitor.signs_on()
        seen["sign-on"] = [str(signed_on.outcome), signed_on.reason]
        hops = [outcome for _, outcome, _ in context.record.hops]
        for service, names in scenario.journeys.items():
            for name in names:
                for action in getattr(scenario, name)(visitor):
                    if context.stand_in.get(service, service) != service:
                        continue
                    asked = visitor._permitted(service, action)
                    result = visitor.opens(asked)
                    seen[f"{service} {action}"] = [str(result.outcome), result.reason, asked]
        extra = [
            name for name, spec in context.driver.actions.items() if spec.writes and context.may_write(spec.service)
        ]
        for action in extra:
            if told["extra"] and persona == "student" and not any(each[2:] == [action] for each in seen.values()):
                result = visitor.opens(action)
                seen[f"extra {action}"] = [str(result.outcome), result.reason, action]
        visitor.client.exchanges.cookies = CookieJar()
        visitor.memory.keep(Tokens())
        visitor.memory.of(PortalState).landed()
        seen["signed out"] = [str(visitor.opens(next(iter(context.driver.actions))).outcome), ""]
    return {"pages": seen, "hops": hops}


WRITTEN = ("lesson", "homework", "hand_in", "communication", "file", "register", "evaluation", "news", "chat_message")


def things(told: dict) -> int:
    """How many things people have written there."""
    with sqlite3.connect(told["database"]) as database:
        return sum(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in WRITTEN)  # noqa: S608


def filled(told: dict) -> None:
    """Let no more people in than are there, and wait until that is in force."""
    url, headers = f"{told['url']}/admin/session-limit", {"authorization": f"Bearer {told['token']}"}
    ordered = urllib.request.Request(url, b'{"limit": 1}', headers, method="PUT")
    urllib.request.urlopen(ordered).close()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            if json.loads(answer.read())["limit_now"] == 1:
                return
        time.sleep(0.1)
    raise SystemExit("the limit was not re-read")


def main(told: dict) -> None:
    access = TargetAccess(url=told["url"], driver=told["driver"])
    scenarios, _ = written.load({persona: content.find("scenarios", persona) for persona in PERSONAS})
    missing = told["stand_in"]
    report: dict = {"personas": {}, "read_only": {}}
    at_first = things(told)
    for persona in [each for each in PERSONAS if each in told["accounts"]]:
        context = probe.run_context(access, people(told))
        context.stand_in = missing
        report["personas"][persona] = journeys(told, context, persona, scenarios[persona])
        report.setdefault("created", []).extend(context.record.made)
    context = probe.run_context(access, people(told))
    context.stand_in, context.writable = missing, frozenset()
    report["read_only"] = journeys(told, context, "student", scenarios["student"])
    report["made_read_only"] = context.record.made
    wrong = probe.run_context(access, people(told, password="faux"))
    with probe.probing(wrong, "student", "all", 0) as visitor:
        result = visitor.signs_on()
        report["wrong password"] = [str(result.outcome), result.reason]
    report["left before"] = things(told) - at_first
    report["removed"] = removed(access, told, report["created"])
    report["left"] = things(told) - at_first
    filled(told)
    with probe.probing(probe.run_context(access, people(told)), "student", "all", 0) as visitor:
        result = visitor.signs_on()
        report["full"] = [str(result.outcome), result.reason]
    report["classified"] = {
        status: str(access.driver.classify(Response("GET", told["url"], status, Headers([]), b"x")))
        for status in (200, 429, 500, 509)
    }
    print(json.dumps(report))


def removed(access, told: dict, rows: list) -> list:
    """Remove what was created, last things first; what became of each."""
    states = []
    for persona in told["accounts"]:
        with probe.probing(probe.run_context(access, people(told)), persona, "all", 0) as visitor:
            visitor.signs_on()
            for row in reversed([each for each in rows if each["persona"] == persona]):
                states.append(access.driver.remove(visitor, Created(row["action"], row["url"], row["values"])))
    return states


if __name__ == "__main__":
    assert content.root("scenarios").is_dir()
    main(json.loads(sys.argv[1]))
