"""Which action each page of a visit is: read from the scenario files' own text, since loading one brings Locust."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PUBLISHES = frozenset({"write-lesson", "set-homework"})
WRITES = PUBLISHES | {
    "mark-done", "hand-in", "enter-marks", "send-message", "answer-message", "take-register", "justify-absence",
    "upload-file",
}  # fmt: skip
Journeys = dict[str, tuple[tuple[str, ...], ...]]


def read(paths: Mapping[str, Path]) -> dict[str, Journeys]:
    """By persona and service, the actions of each journey in order, as far as they stand there as texts."""
    return {persona: _of_file(path) for persona, path in paths.items()}


def _of_file(path: Path) -> Journeys:
    found: Journeys = {}
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.FunctionDef):
            actions = tuple(_yielded(node))
            for service in _services(node):
                if actions:
                    found[service] = (*found.get(service, ()), actions)
    return found


def _services(node: ast.FunctionDef) -> Iterator[str]:
    for each in node.decorator_list:
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "journey" and each.args:
            said = each.args[0]
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                yield said.value


def _yielded(node: ast.FunctionDef) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Yield) and isinstance(each.value, ast.Constant) and isinstance(each.value.value, str):
            yield each.value.value
