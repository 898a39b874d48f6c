"""What is still to be done for a draft, in the order of work: what makes the rest worth trying comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.recorded.values import MASKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Row = Mapping[str, Any]

WAY = ("authorised", "descriptors", "reach", "certificate", "clock")


def remaining(file: Mapping[str, Any], rows: Sequence[Row], notes: Sequence[str]) -> list[str]:
    """Sentences, the most urgent first.

    The way to the target, the sign-on, values that are masked, pages that failed or gave way in the file's order,
    pages that were not tried, what the try has left on the target, and then what only a person can tell. `rows` are
    findings as `entsurge doctor` makes them (`check`, `ok`, `detail`).
    """
    by_check = {str(row["check"]): row for row in rows}
    return [
        *(f"{name}: {by_check[name]['detail']}" for name in WAY if by_check.get(name, {}).get("ok") is False),
        *(f"sign-on: {row['detail']}" for row in rows if _of(row) == "sign-on" and row["ok"] is not True),
        *_masked(file),
        *_pages(file, rows),
        *_untried(file, rows),
        *(
            f"left on the target: {row['detail']}"
            for row in rows
            if row["check"] == "written" and row["ok"] is not True
        ),
        *notes,
    ]


def has_masks(file: Mapping[str, Any]) -> bool:
    """Whether a value of the draft is still masked."""
    return any(True for _ in _masked(file))


def _of(row: Row) -> str:
    """The action that a finding is about."""
    return str(row["check"]).rpartition(" ")[2]


def _masked(file: Mapping[str, Any]) -> Iterator[str]:
    for name in ("door", "sign_on", "signs"):
        yield from (f"{key}: {MASKED}: say what belongs there" for key in _keys(file.get(name), name))
    for page in file["page"]:
        for number, request in enumerate(page["request"]):
            for key in _keys(request, ""):
                where = f"{page['action']}, request {number + 1}, {key}"
                yield f"{where}: {MASKED}: extract it from the answer that shows it, or write what belongs there"


def _keys(value: Any, key: str) -> Iterator[str]:
    """The keys of texts that hold a mask."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _keys(each, f"{key}.{name}".lstrip("."))
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each, key)
    elif isinstance(value, str) and MASKED in value:
        yield key


def _pages(file: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    """In the file's order, for later pages feed on earlier ones."""
    for page in file["page"]:
        for row in rows:
            if _of(row) == page["action"] and row["ok"] is not True:
                yield f"{page['action']}: {row['detail']}"


def _untried(file: Mapping[str, Any], rows: Sequence[Row]) -> Iterator[str]:
    """Pages that nobody opened: all of them where nobody was signed on, else those that write."""
    tried = {_of(row) for row in rows}
    signed_on = any(_of(row) == "sign-on" and row["ok"] for row in rows)
    for page in file["page"] if signed_on else ():
        if page["action"] not in tried:
            yield f"{page['action']}: not tried: [writes] of the target file does not allow {page['service']}"
