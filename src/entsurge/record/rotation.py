"""Which of the runs in a folder go, by rules of age, number and total size; the oldest first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime
    from pathlib import Path

    from entsurge.record.pruning import Stored

Rule = Literal["age", "number", "size"]


@dataclass(frozen=True)
class Rules:
    """What is to be kept; a rule that is None condemns nothing.

    `before`: nothing that ended before this instant. `keep`: of each plan so many sound runs, the newest, and as many
    of the others, so that broken nights push no good run out; searches are not counted. `most_bytes`: no more than this
    in all.
    """

    before: datetime | None = None
    keep: int | None = None
    most_bytes: int | None = None


@dataclass
class Choice:
    """What goes, by which rule; what stays. Both the oldest first.

    Of what stays, `stays` says why where a rule would have had it go.
    """

    going: list[tuple[Stored, Rule]] = field(default_factory=list)
    staying: list[Stored] = field(default_factory=list)

    @property
    def held_back(self) -> list[Stored]:
        """What stays although a rule would have it go."""
        return [each for each in self.staying if each.stays]

    @property
    def bytes_going(self) -> int:
        """Bytes of what goes."""
        return sum(each.size for each, _ in self.going)

    @property
    def bytes_staying(self) -> int:
        """Bytes of what stays."""
        return sum(each.size for each in self.staying)


def choose(stored: Iterable[Stored], rules: Rules, baselines: Collection[Path] = ()) -> Choice:
    """What goes and what stays of these; `baselines`, resolved paths, stay whatever a rule says."""
    oldest_first = sorted(stored, key=lambda each: (each.ended, each.path))
    barred = {each.path: _barred(each, baselines) for each in oldest_first}
    condemned: dict[Path, Rule] = {}
    for each in oldest_first:
        if rules.before is not None and each.ended < rules.before:
            condemned[each.path] = "age"
    for path in _beyond(oldest_first, rules.keep):
        condemned.setdefault(path, "number")
    if rules.most_bytes is not None:
        left = sum(each.size for each in oldest_first if barred[each.path] or each.path not in condemned)
        for each in oldest_first:
            if left > rules.most_bytes and each.path not in condemned:
                condemned[each.path] = "size"
                left -= 0 if barred[each.path] else each.size
    return _settled(oldest_first, condemned, barred)


def baselines_of(runs: Iterable[Path], stored: Iterable[Stored], most: int) -> set[Path]:
    """What is to stay for these runs to be held against others; resolved.

    Of each plan, by their start, the last `most` that are sound by the verdict they have; every sound one that has
    none, as a gate may still believe it; and each search that one of these runs is a step of, whole.
    """
    named = {each.resolve() for each in runs}
    seen: Counter[object] = Counter()
    found = set()
    for each in sorted(stored, key=lambda each: (each.started, each.path.name), reverse=True):
        path = each.path.resolve()
        if each.search:
            stays = any(path in run.parents for run in named)
        else:
            stays = each.sound and path in named
            seen[each.plan] += stays and each.judged
            stays = stays and (seen[each.plan] <= most or not each.judged)
        if stays:
            found.add(path)
    return found


def _barred(stored: Stored, baselines: Collection[Path]) -> str:
    """Why this does not go whatever a rule says; empty for what may."""
    why = "holds a baseline" if stored.search else "is a baseline"
    return stored.stays or (why if stored.path.resolve() in baselines else "")


def _beyond(oldest_first: list[Stored], keep: int | None) -> list[Path]:
    """What is beyond the number that is kept of each plan, sound runs and others apart."""
    if keep is None:
        return []
    seen: Counter[object] = Counter()
    found = []
    for each in reversed(oldest_first):
        if not each.search:
            seen[each.plan, each.sound] += 1
            if seen[each.plan, each.sound] > keep:
                found.append(each.path)
    return found


def _settled(oldest_first: list[Stored], condemned: dict[Path, Rule], barred: dict[Path, str]) -> Choice:
    """What stays keeps whatever it lies in."""
    choice = Choice()
    kept: list[Stored] = []
    for each in sorted(oldest_first, key=lambda each: -len(each.path.parts)):
        within = next((other.path.name for other in kept if each.path in other.path.parents), "")
        why = barred[each.path] or (f"holds a run that stays, {within}" if within else "")
        rule = condemned.get(each.path)
        if rule is None or why:
            kept.append(replace(each, stays=why if rule else ""))
        else:
            choice.going.append((each, rule))
    choice.staying = sorted(kept, key=lambda each: (each.ended, each.path))
    choice.going.sort(key=lambda pair: (pair[0].ended, pair[0].path))
    return choice
