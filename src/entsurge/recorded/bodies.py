"""The body and the headers of a request as a draft has them: names as they were, values placed, harmless or masked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsurge.recorded import json_text
from entsurge.recorded.json_text import Number, doubled
from entsurge.recorded.posted import MULTIPART
from entsurge.recorded.rules import Sought
from entsurge.recorded.sensitive import by_look, harmless_name, secret_name, worth_tracing
from entsurge.recorded.values import MASKED

if TYPE_CHECKING:
    from entsurge.recorded.step import Step
    from entsurge.recorded.values import Values

BOUNDARY = "entsurge-7f3a9c"
TOKEN_HEADER = re.compile(r"[a-z-]*(?:csrf|xsrf|token|requestverification)[a-z-]*")
_MEDIA = r"(?:\*|[a-z]+)/(?:\*|[a-z]+(?:[.+-][a-z]+[0-9]?)*)(?:;\s?q=[01](?:\.\d{1,3})?)?"
ACCEPT = re.compile(rf"{_MEDIA}(?:,\s?{_MEDIA}){{0,9}}")
KIND = re.compile(r"[a-z]+/[a-z]+(?:[.+-][a-z]+[0-9]?)*")
LONGEST_NUMBER = 64
DEEPEST_TABLE = 8
INTEGER = re.compile(r"-?[1-9]\d{0,17}|0")
SENT_BY_ITSELF = frozenset(
    "accept accept-encoding accept-language connection content-length content-type cookie host origin referer "  # noqa: SIM905  read as a list
    "user-agent cache-control pragma upgrade-insecure-requests dnt te priority range if-none-match if-modified-since "
    "if-range keep-alive save-data authorization proxy-authorization purpose x-requested-with expect "
    "transfer-encoding traceparent tracestate baggage sentry-trace".split()
)


def headers(n: int, step: Step, values: Values, *, first: bool) -> dict[str, str]:
    """The headers that a page's script has set, and that say nothing of anybody; tokens as places, or masked.

    Cookies, Authorization, what every browser sends by itself and headers of unknown meaning are left out.
    """
    made: dict[str, str] = {}
    for name, value in step.headers.items():
        if name == "accept":
            if not first and value != "*/*" and ACCEPT.fullmatch(value):
                made[name] = value
        elif name == "x-requested-with":
            if value.lower() == "xmlhttprequest":
                made[name] = value
        elif TOKEN_HEADER.fullmatch(name) and value:
            made[name] = values.posted(name, value, n, "header")
        elif name not in SENT_BY_ITSELF and not name.startswith(("sec-", "x-devtools", "x-forwarded", "x-client-data")):
            place = values.place(value, n, Sought("header", name)) if harmless_name(name) else ""
            if place:
                made[name] = place
            elif harmless_name(name) and not values.secrets.hide(name):
                values.notes[
                    f"header {name}: left out, for what it says may be secret: add it if the page needs it"
                ] = None
    return made


def body(n: int, step: Step, values: Values) -> dict[str, Any]:
    """What the request sends: `form` (with `upload`), `json`, or `body` with its Content-Type; nothing for nothing."""
    sent = step.sent
    if sent.files:
        return _upload(n, step, values)
    text = sent.text.strip()
    if text.startswith(("{", "[")) or sent.kind.endswith("json"):
        made = _json(n, step, values)
        if made is not None:
            return made
    elif sent.fields and all(_fit(name, values) for name, _ in sent.fields):
        pairs = [(name, values.posted(name, value, n)) for name, value in sent.fields]
        return _multipart(pairs) if sent.kind == MULTIPART else {"form": _form(pairs)}
    if not text and not sent.fields:
        return {}
    if sent.kind in ("", "text/plain"):
        return {"body": values.posted("the body", text, n)}
    values.notes[f"a body of type {_kind(sent.kind) or 'unknown'}: nothing is known of what is in it: masked"] = None
    return {"body": MASKED, **_typed(sent.kind)}


def _fit(name: str, values: Values) -> bool:
    """Whether this is the name of a field, and not a value that somebody has sent without one."""
    return harmless_name(name) and not values.secrets.hide(name)


def _form(pairs: list[tuple[str, str]]) -> dict[str, Any] | list[list[str]]:
    """Fields in their order: a table, values of one name as a list; pairs where names come again out of turn."""
    names = [name for name, _ in pairs]
    together = [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]
    if len(together) != len(set(together)):
        return [[name, value] for name, value in pairs]
    table: dict[str, list[str]] = {}
    for name, value in pairs:
        table.setdefault(name, []).append(value)
    return {name: several[0] if len(several) == 1 else several for name, several in table.items()}


def _upload(n: int, step: Step, values: Values) -> dict[str, Any]:
    pairs = [(name, values.posted(name, value, n)) for name, value in step.sent.fields if _fit(name, values)]
    field = step.sent.files[0] if _fit(step.sent.files[0], values) else "file"
    if len(step.sent.files) > 1:
        values.notes[f"{len(step.sent.files)} files were sent at once: a driver sends one"] = None
    return {**({"form": _form(pairs)} if pairs else {}), "upload": {"field": field}}


def _multipart(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """A multipart form without a file, which only a script sends."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{doubled(name)}"\r\n\r\n{value}\r\n'
        for name, value in ((name.replace('"', "%22"), value) for name, value in pairs)
    ]  # fmt: skip
    kind = f"{MULTIPART}; boundary={BOUNDARY}"
    return {"body": "".join(parts) + f"--{BOUNDARY}--\r\n", "headers": {"Content-Type": kind}}


# -- JSON ------------------------------------------------------------------------------------------------------------


def _json(n: int, step: Step, values: Values) -> dict[str, Any] | None:
    """A table where TOML can say the same, else the text as it was; None for what is no JSON."""
    try:
        found = json_text.read_exactly(step.sent.text)
    except (ValueError, RecursionError):
        return None
    made = _value(found, "", n, values)
    own = step.sent.kind if step.sent.kind.endswith("json") else "application/json"
    if own == "application/json" == step.sent.kind and _fits_toml(made, 0):
        return {"json": _as_toml(made)}
    text = doubled(step.sent.text.strip()) if made == found and step.sent.text.isascii() else json_text.written(made)
    return {"body": text, **_typed(step.sent.kind or own)}


def _value(value: Any, name: str, n: int, values: Values) -> Any:
    if isinstance(value, dict):
        return {_key(key, values): _value(each, key, n, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_value(each, name, n, values) for each in value]
    if isinstance(value, Number):
        return _number(value, name, n, values)
    return values.posted(name, value, n) if isinstance(value, str) else value


def _key(key: str, values: Values) -> str:
    """The name of a member; one that is a value itself is masked."""
    if not key or (harmless_name(key) and not values.secrets.hide(key)):
        return key
    return MASKED


def _number(value: Number, name: str, n: int, values: Values) -> Number:
    """A number as it was written: an identifier that the server gave as a place, one that may be secret as 0."""
    if name in values.secrets.password_names or len(value) > LONGEST_NUMBER or (
        len(value) > 3 and secret_name(name, str(value))
    ):  # fmt: skip
        called = name if harmless_name(name) else "json"
        values.doubts[n, f"{called}: a number that may be secret: 0 in its stead"] = None
        return Number("0")
    if len(value) >= 4 and worth_tracing(str(value)):
        return Number(values.place(str(value), n, Sought("body", name)) or value)
    return value


def _fits_toml(value: Any, depth: int) -> bool:
    """Whether TOML says the same: no null, no number but a small whole one, nothing deep, no place for a number."""
    if isinstance(value, (dict, list)):
        members = value.values() if isinstance(value, dict) else value
        return depth < DEEPEST_TABLE and all(_fits_toml(each, depth + 1) for each in members)
    if isinstance(value, Number):
        return INTEGER.fullmatch(value) is not None
    return value is not None


def _as_toml(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_toml(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_toml(each) for each in value]
    return int(value) if isinstance(value, Number) else value


def _kind(kind: str) -> str:
    """A Content-Type that says nothing but a type."""
    return kind if KIND.fullmatch(kind) and not by_look(kind) else ""


def _typed(kind: str) -> dict[str, Any]:
    return {"headers": {"Content-Type": _kind(kind)}} if _kind(kind) else {}
