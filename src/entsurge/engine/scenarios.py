"""Scenarios before the first arrival: one class per persona, its journeys held against profile and driver.

What would be found after a whole run, as lost pages or as pages of another name, is said at once: file, line, journey,
the nearest name that is known.
"""

from __future__ import annotations

import ast
import inspect
import random
from difflib import get_close_matches
from functools import cache
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import gevent

from entsurge import content
from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import SERVICES
from entsurge.drivers import registry
from entsurge.errors import UsageError
from entsurge.visit.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import ModuleType

    from entsurge.audience.profile import Profile
    from entsurge.visit.driver import Driver

HINT = "docs/writing-scenarios.md says how one is written"
DRAWS = 16  # how often a journey is tried: what it yields may be drawn
MOST_ACTIONS = 1000  # of one pass of a journey
MOST_SECONDS = 2.0  # for all draws of one journey
OWN = frozenset(dir(Visitor)) | {"client", "plan", "random", "log", "service", "action", "environment", "persona"}


def load(paths: dict[str, Path]) -> tuple[dict[str, type[Visitor]], dict[str, Path]]:
    """One scenario class per persona, from its file.

    Raises UsageError with what is wrong with every file that has no such class.
    """
    found: dict[str, type[Visitor]] = {}
    faults = []
    for persona, path in paths.items():
        try:
            found[persona] = _chosen(content.load_module(path), persona, path)
        except UsageError as error:
            faults.append(str(error))
    if faults:
        raise UsageError("\n".join(faults), hint=HINT)
    return found, paths


def check(scenarios: Mapping[str, type[Visitor]], paths: Mapping[str, Path], profile: Profile, driver: Driver) -> None:
    """Hold every scenario against the services that its persona visits and the actions that there are.

    An action of another product is none of this one's and gives way to a page that reads, as in a run; one that no
    product has is a mistake. Raises UsageError with every fault: file, line, journey, the nearest known action.
    """
    faults = []
    for persona, scenario in scenarios.items():
        mix = profile.mixes.mix(persona)
        visited = [name for name in SERVICES if mix.page_share(name)] if profile.mixes.visit_share(persona) else []
        faults += [f"{paths[persona]}: {each}" for each in _unserved(scenario, visited)]
        faults += [f"{paths[persona]}:{line}: {said}" for line, said in _journeys(scenario, driver)]
    if faults:
        raise UsageError("\n".join(faults), hint=HINT)


def giving_way(scenario: type[Visitor], driver: Driver) -> list[str]:
    """The actions of a scenario that the driver has none of: pages that read are opened in their place."""
    names = {name for of in scenario.journeys.values() for name in of}
    asked = {each for name in names for _, each in _Tried(scenario, name).actions if isinstance(each, str)}
    return sorted(asked - driver.actions.keys())


# -- the class -----------------------------------------------------------------------------------------------------


def _chosen(module: ModuleType, persona: str, path: Path) -> type[Visitor]:
    """The scenario of this persona in a file: a Visitor that is not abstract, and no other one's base."""
    classes = [each for each in vars(module).values() if isinstance(each, type) and each is not Visitor]
    visitors = list(dict.fromkeys(each for each in classes if issubclass(each, Visitor)))
    fitting = [each for each in visitors if getattr(each, "persona", "") == persona and not each.abstract]
    leaves = [each for each in fitting if not any(other is not each and issubclass(other, each) for other in fitting)]
    if len(leaves) == 1:
        return leaves[0]
    if leaves:
        names = ", ".join(each.__name__ for each in leaves)
        raise UsageError(f"{path}: several scenarios with persona = {persona!r}: {names}; one file, one of them")
    raise UsageError(f"{path}: no subclass of Visitor with persona = {persona!r}{_instead(classes, persona)}")


def _instead(classes: list[type], persona: str) -> str:
    """What there is where a scenario was expected, for the classes that come nearest to one; empty for none."""
    told = []
    for each in classes:
        line = _line_of(each)
        its = getattr(each, "persona", None)
        if not issubclass(each, Visitor):
            if its == persona or any(hasattr(found, "service") for found in vars(each).values()):
                told.append(f"line {line}: {each.__name__} is no Visitor: class {each.__name__}(Visitor)")
        elif its is None:
            told.append(f"line {line}: {each.__name__} has no persona: persona = {persona!r}")
        elif its == persona and each.abstract:
            told.append(f"line {line}: {each.__name__} is abstract")
        elif its not in PERSONAS:
            near = _nearest(str(its), PERSONAS)
            told.append(f"line {line}: {each.__name__} has persona = {its!r}{near}")
    return "".join(f"; {each}" for each in told)


def _line_of(found: Any) -> int:
    """The line where a class or function begins; 0 where nobody knows."""
    try:
        return inspect.getsourcelines(found)[1]
    except (OSError, TypeError):
        return 0


# -- its journeys --------------------------------------------------------------------------------------------------


def _unserved(scenario: type[Visitor], visited: Sequence[str]) -> Iterator[str]:
    """A line for every service that the persona visits and the scenario has no journey for."""
    for service in visited:
        if service in scenario.journeys:
            continue
        plain = [
            name
            for name, found in vars(scenario).items()
            if inspect.isgeneratorfunction(found) and not hasattr(found, "service")
        ]
        hidden = [name for name, found in vars(scenario).items() if getattr(found, "service", None) == service]
        said = f"{scenario.__name__} has no journey for {service}, which the profile's {scenario.persona} visits"
        if hidden:
            said += f"; {hidden[0]} is none, since its name begins with _"
        elif plain:
            said += f'; methods without @journey("{service}"): {", ".join(plain)}'
        yield said


def _journeys(scenario: type[Visitor], driver: Driver) -> Iterator[tuple[int, str]]:
    """What is wrong with each journey, and the line that it stands in."""
    for service, names in scenario.journeys.items():
        for name in names:
            where = f"{scenario.persona}, journey {name} ({service})"
            tried = _Tried(scenario, name)
            if name in OWN:
                yield tried.line, f"{where}: the name is the visitor's own; give the journey another"
                continue
            for line, wrong in tried.faults:
                yield line, f"{where}: {wrong}"
            for line, action in tried.actions:
                if action not in driver.actions and action not in registry.vocabulary():
                    yield line, f"{where}: no action {action!r}{_near_action(action, service, driver)}"


def _near_action(action: str, service: str, driver: Driver) -> str:
    """The nearest known action, of the journey's service first; what there is where none is near."""
    of_service = [name for name, spec in driver.actions.items() if spec.service == service]
    near = _nearest(action, of_service) or _nearest(action, list(driver.actions))
    return near or f"; known for {service}: {', '.join(of_service)}"


def _nearest(name: str, known: Any) -> str:
    found = get_close_matches(name, list(known), 1)
    return f"; nearest: {found[0]}" if found else ""


class _Unknown(BaseException):
    """A journey asked for what only a visit has; what it yields then is not known. No scenario catches it."""


class _Amiss(Exception):
    """What a journey yields is not what one yields."""


class _Absent:
    """What only a visit has: memory, client, plan, log, context."""

    def __getattr__(self, name: str) -> Any:
        raise _Unknown(name)

    def __getitem__(self, name: Any) -> Any:
        raise _Unknown(name)


class _Tried:
    """One journey, tried without a visit: the actions that it yields with their lines, and what is wrong with it.

    What it yields is drawn several times; constants that its source yields count too, since what a journey does may
    depend on what its visitor has seen.
    """

    def __init__(self, scenario: type[Visitor], name: str) -> None:
        self.scenario, self.name = scenario, name
        function = inspect.unwrap(getattr(scenario, name))
        self.line = function.__code__.co_firstlineno if hasattr(function, "__code__") else _line_of(scenario)
        self.faults: list[tuple[int, str]] = []
        written = _written(function)
        lines = {action: line for line, action in written}
        for action in self._drawn():
            lines.setdefault(action, self.line)
        self.actions = [(line, action) for action, line in lines.items()]

    def _drawn(self) -> list[str]:
        """The actions of some draws; stops at the first that goes wrong."""
        found: dict[str, None] = {}
        try:
            with gevent.Timeout(MOST_SECONDS):
                for seed in range(DRAWS):
                    found |= dict.fromkeys(self._once(seed))
        except _Unknown:
            pass
        except gevent.Timeout:
            self.faults.append((self.line, f"takes longer than {MOST_SECONDS:g} s; the plan says how long to read"))
        except _Amiss as error:
            self.faults.append((self.line, str(error)))
        except Exception as error:  # a scenario's own mistake, whatever it is
            self.faults.append((self._line(error), f"raises {type(error).__name__}: {error}"))
        return list(found)

    def _once(self, seed: int) -> list[str]:
        around = SimpleNamespace(entsurge=_Absent(), events=SimpleNamespace(), runner=None, host="")
        visitor: Any = self.scenario(around)
        visitor.random = random.Random(seed)
        visitor.memory = visitor.client = visitor.plan = visitor.log = _Absent()
        made = getattr(visitor, self.name)()
        if isinstance(made, str):
            raise _Amiss(f"returns {made!r}; yield it")
        actions = list(islice(made, MOST_ACTIONS))
        if len(actions) == MOST_ACTIONS:
            raise _Amiss("never ends; a journey is one pass, and begins again by itself")
        if not actions:
            raise _Amiss("yields no action")
        strange = [each for each in actions if not isinstance(each, str)]
        if strange:
            raise _Amiss(f"yields {strange[0]!r}, where the name of an action was expected")
        return actions

    def _line(self, error: Exception) -> int:
        """The last line of the scenario's own file that an error came through; the journey's where there is none."""
        path = inspect.getsourcefile(self.scenario)
        line, trace = self.line, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == path:
                line = trace.tb_lineno
            trace = trace.tb_next
        return line


def _written(function: Callable[..., Any]) -> list[tuple[int, str]]:
    """The constants that a function's source yields, with their lines; none where there is no source to read."""
    try:
        tree = _tree(inspect.getsourcefile(function) or "")
        first = function.__code__.co_firstlineno
    except (OSError, TypeError, ValueError, SyntaxError, AttributeError):
        return []
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        if min([node.lineno, *(each.lineno for each in node.decorator_list)]) == first:
            for each in ast.walk(node):
                if isinstance(each, ast.Yield):
                    found += _constants(each.value)
    return found


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse(Path(path).read_text(encoding="utf-8"))


def _constants(value: ast.expr | None) -> list[tuple[int, str]]:
    """The texts that an expression can come to by its source alone, such as both of `"a" if x else "b"`."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [(value.lineno, value.value)]
    if isinstance(value, ast.IfExp):
        return _constants(value.body) + _constants(value.orelse)
    return []
