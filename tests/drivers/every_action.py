"""Opens every action of the portal's driver as one persona, in a process of its own: Locust patches it.

Prints a line of JSON: for each action its outcome, its reason, and how many bytes came; then what was written.
"""

import json
import random
import sys
from types import SimpleNamespace

import locust

from entsurge.engine import locust_standalone
from entsurge.population import Population
from entsurge.visit.visitor import Visitor


class Walker(Visitor):
    """A visitor whose every step is told from outside."""

    abstract = False
    persona = "student"


def walk(url, persona, actions):
    """What each action came to."""
    environment = SimpleNamespace(host=url, events=locust.event.Events(), entsurge=None)
    context = locust_standalone.Standalone(environment).run_context()
    written = []
    context.record.created = written.append
    visitor = Walker(environment)
    person = Population(1).person(persona, 0)
    visitor.plan = SimpleNamespace(
        persona=persona, group=person.academy, phase="", account=0, name="walk", kind="first", device=""
    )
    visitor.random, visitor.service, visitor.action = random.Random(1), "", ""
    visitor.client = context.access.client()
    account = SimpleNamespace(login=person.login, password=person.password, tenant=person.uai)
    results = {"sign-on": context.driver.sign_on(visitor, account)}
    for action in actions:
        visitor.service, visitor.action = context.driver.actions[action].service, action
        results[action] = context.driver.open(visitor, visitor.service, action)
    said = {name: [str(result.outcome), result.reason, result.size] for name, result in results.items()}
    print(json.dumps({"results": said, "written": [[row["action"], row["url"]] for row in written]}))


walk(sys.argv[1], sys.argv[2], sys.argv[3:])
