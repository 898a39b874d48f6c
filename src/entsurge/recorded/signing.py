"""Finds the sign-on in a recorded visit: the step that sent a password, who it was, the fields that were filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entsurge.recorded.harmless import harmless
from entsurge.recorded.secrets_of import sent

if TYPE_CHECKING:
    from entsurge.recorded.secrets_of import Secrets
    from entsurge.recorded.step import Step

LOGIN = re.compile(r"user|login|mail|identifi|account|uid|name|compte", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """The sign-on: the step that sent the password (-1: none), who it was, and whose fields they are."""

    step: int
    login: str = ""
    password: str = field(default="", repr=False)
    login_field: str = ""
    password_field: str = ""
    shown: int = -1  # the step that showed the form


def found(steps: list[Step], secrets: Secrets) -> Found:
    """The step that signed somebody on: the first that sends a password and is not answered by the form again."""
    sending = [n for n, step in enumerate(steps) if step.method == "POST" and _password(step, secrets)]
    if not sending:
        return Found(-1)
    index = next((n for n in sending if not steps[n].facts.asks_password and steps[n].status < 400), sending[-1])
    step = steps[index]
    password_field, password = _password(step, secrets) or ("", "")
    shown = next((n for n in range(index - 1, -1, -1) if steps[n].facts.asks_password), -1)
    hidden = steps[shown].facts.hidden if shown >= 0 else set()
    typed = [(name, value) for name, value in sent(step) if name not in hidden and name not in secrets.password_names]
    login_field, login = _login(typed)
    if not login:
        earlier = (pair for each in reversed(steps[:index]) if each.method == "POST" for pair in sent(each))
        login = next((value for name, value in earlier if LOGIN.search(name) and value), "")
    return Found(index, login, password, login_field, password_field, shown)


def _password(step: Step, secrets: Secrets) -> tuple[str, str] | None:
    return next(((name, value) for name, value in sent(step) if name in secrets.password_names and value), None)


def _login(typed: list[tuple[str, str]]) -> tuple[str, str]:
    """The field that says who it is: by its name, else the first that says anything but a constant."""
    named = next((pair for pair in typed if LOGIN.search(pair[0]) and pair[1]), None)
    told = next((pair for pair in typed if pair[1] and not harmless(*pair)), ("", ""))
    return named or told


def sends_password(step: Step, secrets: Secrets) -> bool:
    """Whether a step sends a password: to sign on, or to change it."""
    return step.method != "GET" and _password(step, secrets) is not None
