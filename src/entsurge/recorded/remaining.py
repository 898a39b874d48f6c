"""What is still to be done for a draft, in the order of work: what makes the rest worth trying comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.recorded.masks import masks

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
    hidden = masks(file)
    by_check = {str(row["check"]): row for row in rows}
    return [
        *(f"{name}: {by_check[name]['detail']}" for name in WAY if by_check.get(name, {}).get("ok") is False),
        *(f"sign-on: {row['detail']}" for row in rows if _of(row) == "sign-on" and row["ok"] is not True),
        *hidden,
        *_pages(file, rows),
        *_untried(file, rows),
        *(
            f"left on the target: {row['detail']}"
            for row in rows
            if row["check"] == "written" and row["ok"] is not True
        ),
        *(note for note in notes if note not in hidden),
    ]


def has_masks(file: Mapping[str, Any]) -> bool:
    """Whether a value of the draft is still masked."""
    return bool(masks(file))


def _of(row: Row) -> str:
    """The action that a finding is about."""
    return str(row["check"]).rpartition(" ")[2]


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
