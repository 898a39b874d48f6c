"""Servers of known behaviour, what is owed of them, and the verdict that is right by their own arithmetic.

Nothing of entsurge judges here: a share is held against its bound by scipy's exact binomial interval, a time by
comparison. A third of the servers lie within a tenth of a bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scipy.stats import binomtest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENOUGH = 59  # pages prove a share of 5 % at 95 % when none is otherwise
LATENCY, ERRORS, SERVED, SHED = "p95 < 1600ms", "errors < 5%", "served >= 95%", "shed < 5%"
SHIPPED = (LATENCY, ERRORS, SERVED)
Planned = dict[str, tuple[int, int]]
Right = tuple[str, int]
PASS, FAIL, THIN = ("PASS", 0), ("FAIL", 3), ("INCONCLUSIVE", 4)


@dataclass(frozen=True)
class Case:
    """A server, what is owed (to pupils, but for `whom`), what is right, and what the sentence must say (English)."""

    name: str
    told: Mapping[str, Any]
    right: Callable[[Planned], Right]
    owed: tuple[str, ...] = SHIPPED
    says: str = ""
    whom: tuple[str, ...] = ("student",)
    near: bool = False
    replay: Mapping[str, Any] = field(default_factory=dict)
    personas: str = "high-schools"


def always(right: Right) -> Callable[[Planned], Right]:
    """Whatever the plan."""
    return lambda _: right


def share(every: int) -> Callable[[Planned], Right]:
    """Every n-th of the pupils' pages behind the sign-on (a visit's first page) is otherwise; one in twenty may be."""

    def right(planned: Planned) -> Right:
        pages, visits = planned["student"]
        otherwise = (pages - visits) // every
        limit = binomtest(otherwise, pages).proportion_ci(confidence_level=0.90, method="exact").high
        if limit <= 0.05:
            return PASS
        return FAIL if otherwise / pages > 0.05 and pages >= ENOUGH else THIN

    return right


def _otherwise(what: str, owed: str, **more: Any) -> list[Case]:
    """A share of the pupils' pages is so: some 2 %, just under a twentieth, just over it, and nearly twice as many."""
    return [
        Case(f"{what}: every {every}th page", {"every": every, "who": "student", "what": what, **more}, share(every),
             (owed,), near=every in (16, 19))
        for every in (40, 19, 16, 10)
    ]  # fmt: skip


CASES = (
    Case("healthy", {}, always(PASS), says="kept its objectives for pupils and teachers", whom=("student", "teacher")),
    Case("1.5 s a page", {"seconds": 1.5}, always(PASS), near=True),
    Case("1.7 s a page", {"seconds": 1.7}, always(FAIL), near=True, says="missed its objectives for pupils"),
    Case("2.5 s a page", {"seconds": 2.5}, always(FAIL)),
    *_otherwise("slow", LATENCY, slow_seconds=2.5),
    *_otherwise("error", ERRORS),
    *_otherwise("shed", SHED),
    Case("dead: 500 to everything", {"every": 1, "what": "error", "sign_on_error": True}, always(FAIL)),
    Case("refuses every second page", {"every": 2, "what": "shed"}, always(FAIL), says="Pages refused, "),
    Case("turns every second visitor away", {"sign_on_shed": 2}, always(FAIL), says="Pages refused, "),
    Case("turns everybody away", {"sign_on_shed": 1}, always(FAIL), says="100% for pupils"),
    Case("frozen for 5 s", {"frozen": [4.0, 9.0]}, always(FAIL)),
    Case("frozen for good", {"frozen": [3.0, 600.0]}, always(FAIL), replay={"drain_seconds": 14}),
    Case("half broken: teachers' pages fail", {"every": 1, "who": "teacher", "what": "error"}, always(FAIL),
         says="missed its objectives for teachers.", whom=("student", "teacher")),
    Case("fails each account once, retried", {"first_fails": True}, always(FAIL), personas="high-schools-insistent"),
    Case("resets every 10th page", {"every": 10, "what": "reset"}, always(FAIL), (ERRORS,)),
    Case("cuts every 10th page", {"every": 10, "what": "cut"}, always(FAIL), (ERRORS,)),
    Case("never answers every 10th page", {"every": 10, "what": "hang"}, always(FAIL), (ERRORS,),
         replay={"page_deadline_seconds": 3.0}),
    Case("gone in the middle", {"gone": 3.0}, always(("FAIL", 6)), replay={"compression": 100}),
    Case("healthy, and the plan too small", {}, always(THIN), replay={"scale": "1/8000"}, says="is inconclusive: "),
)  # fmt: skip
