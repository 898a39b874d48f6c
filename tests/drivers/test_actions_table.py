"""The list of actions in docs/driver-pages.md is that of the shipped scenarios and drivers."""

import ast
from collections import defaultdict
from pathlib import Path

from entsurge.audience.persona import PERSONAS
from entsurge.drivers import registry

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "driver-pages.md"
BEGIN, END = "<!-- actions -->\n", "<!-- end of actions -->\n"
WAYS = {"portal": "portal", "skolengo-mobile": "mobile", "entcore": "entcore", "moodle": "moodle"}


def used() -> dict[tuple[str, str], list[str]]:
    """By service and action, the personas whose shipped scenario opens it."""
    found = defaultdict(list)
    for persona in PERSONAS:
        tree = ast.parse((ROOT / "scenarios" / f"{persona}.py").read_text(encoding="utf-8"))
        for method in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            services = [each.args[0].value for each in method.decorator_list if each.func.id == "journey"]
            for node in ast.walk(method):
                if isinstance(node, ast.Yield) and persona not in found[services[0], node.value.value]:
                    found[services[0], node.value.value].append(persona)
    return found


def table() -> str:
    """One row an action, by service."""
    who, specs, drivers = used(), {}, defaultdict(list)
    for name, short in WAYS.items():
        for action, spec in registry.make(name, registry.Setting("http://127.0.0.1:1")).actions.items():
            specs.setdefault(action, spec)
            drivers[action].append(short)
    services = list(dict.fromkeys(service for service, _ in who))
    rows = ["| service | action | opened by | writes | drivers that have it |", "|---|---|---|---|---|"]
    for service in services:
        actions = [action for of, action in who if of == service]
        actions += [name for name, spec in specs.items() if spec.service == service and name not in actions]
        for action in sorted(actions, key=lambda name: (specs[name].writes, not who.get((service, name)))):
            spec = specs[action]
            writes = "publishes" if spec.publishes else "yes" if spec.writes else ""
            people = ", ".join(who.get((service, action), [])) or "nobody"
            rows.append(f"| {service} | `{action}` | {people} | {writes} | {', '.join(drivers[action])} |")
    return "\n".join(rows) + "\n"


def test_every_action_is_listed(request) -> None:
    """`pytest tests/drivers/test_actions_table.py --update-golden` writes the list anew."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    listed, _, after = rest.partition(END)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")
        return
    assert listed == table()


def test_every_action_of_a_scenario_belongs_to_one_service() -> None:
    """A driver has each action once; a scenario opens it in that service."""
    actions = [action for _, action in used()]
    assert sorted(actions) == sorted(set(actions))
