"""Which measures a target can take, told before anything is touched: what each lacks, by the checks that a run has."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from entsurge import content
from entsurge.chaos import policy
from entsurge.chaos.check import faults_of, filled
from entsurge.chaos.doctor import abilities
from entsurge.chaos.experiment import Experiment, load
from entsurge.chaos.faults.command import Command
from entsurge.chaos.faults.fault import make
from entsurge.chaos.faults.target_measure import TargetMeasure
from entsurge.chaos.preflight import refused
from entsurge.client.failure import ClientError
from entsurge.errors import UsageError
from entsurge.findings.statement import Statement
from entsurge.render.saying import say
from entsurge.said import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.chaos.faults.fault import Fault
    from entsurge.client.access import Access

PROBE_SECONDS, LARGEST = 5.0, 1_000_000


class Refused(NamedTuple):
    """A measure that cannot be tried, and why."""

    experiment: Experiment
    why: Statement


@dataclass(frozen=True)
class Offered:
    """Measures that the target can take, and those that were left out; `asked` are what to name in `--chaos`."""

    measures: list[Experiment]
    left_out: list[Refused]


def offered(asked: Sequence[str], url: str, access: Access) -> Offered:
    """The measures that were asked for; of chaos/ all that this machine and the target have what they need for.

    Raises UsageError for one that was named and cannot be tried, and where none is left.
    """
    names = asked or content.names("chaos")
    found = [load(name) for name in names]
    timed = [one.id for one in found if one.asked]
    if timed:
        raise UsageError(
            said("--measure {timed}: a measure is in force for the whole of its runs", timed=timed[0]),
            hint="leave the time out",
        )
    if not asked:
        found = [one for one in found if one.extension.kind == "measure"]
    look = _Look(url, access, {one.kind: one.lacks for one in abilities()}, by_hand=bool(asked))
    seen = [(one, look.why_not(one)) for one in found]
    left_out = [Refused(one, why) for one, why in seen if why]
    if asked and left_out:
        raise UsageError(reasons(left_out), hint="entsurge chaos check")
    if len(left_out) == len(found):
        why = said("{url} can take no measure of chaos/\n{reasons}", url=url, reasons=reasons(left_out))
        raise UsageError(why, hint="--measure ./ours.json: one of your own")
    twice = [one.id for at, one in enumerate(found) if one.id in {other.id for other in found[:at]}]
    if twice:
        raise UsageError(said("--measure {twice}: named twice", twice=twice[0]))
    return Offered([one for one, why in seen if not why], left_out)


def reasons(left_out: Sequence[Refused]) -> str:
    """A line for each reason, with the measures that it keeps out."""
    by_reason: dict[str, list[str]] = {}
    for each in left_out:
        by_reason.setdefault(say(each.why, "en"), []).append(each.experiment.id)
    return "\n".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())


@dataclass(frozen=True)
class _Look:
    """At one measure after the other. `by_hand`: measures that wait for an operator are wanted."""

    url: str
    access: Access
    lacks: dict[str, list[str]]
    by_hand: bool

    def why_not(self, one: Experiment) -> Statement | None:
        """Why it cannot be tried; None where it can."""
        if one.extension.kind != "measure":
            return Statement("measure.fault")
        wrong = faults_of(one.path)
        if wrong:
            return Statement("measure.file", {"why": "; ".join(wrong)})
        if "confirmation" in one.extension.needs and not self.by_hand:
            return Statement("measure.somebody")
        for arguments in one.faults:
            kind = str(arguments["fault"])
            lacking = "; ".join(self.lacks.get(kind, []))
            if lacking:
                return Statement("measure.machine", {"why": lacking})
            why = self._of(one, make(kind, self._settings(arguments, one)))
            if why:
                return why
        return None

    def _settings(self, arguments: dict[str, Any], one: Experiment) -> dict[str, Any]:
        known = os.environ | {"ENTSURGE_TARGET": self.url}
        return filled(arguments.get("settings") or {}, one.configuration, known)

    def _of(self, one: Experiment, fault: Fault) -> Statement | None:
        if isinstance(fault, Command) and not fault.off:
            return Statement("measure.no-off", {"path": str(one.path)})
        if isinstance(fault, TargetMeasure):
            return self._no_such_measure(fault)
        with policy.told(self.access):
            wrong = refused(fault)
        return Statement("measure.refused", {"why": "; ".join(wrong)}) if wrong else None

    def _no_such_measure(self, fault: TargetMeasure) -> Statement | None:
        """What the target's list of measures says of it: unreachable, a token that is refused, not among them."""
        url = f"{fault.target.rstrip('/')}/admin/measures"
        token = os.environ.get(fault.token_env, "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            answer = self.access.blocking(loopback=True).request(
                "GET", url, headers=headers, deadline_seconds=PROBE_SECONDS, largest=LARGEST
            )
        except ClientError as error:
            return Statement("measure.unreachable", {"url": url, "why": error.said})
        if answer.status != 200:
            code = "measure.token" if answer.status in (401, 403) else "measure.answers"
            return Statement(code, {"url": url, "status": answer.status, "variable": fault.token_env})
        try:
            known = {str(each["name"]) for each in json.loads(answer.body)["measures"]}
        except (ClientError, ValueError, KeyError, TypeError):
            return Statement("measure.no-list", {"url": url})
        if fault.measure in known:
            return None
        return Statement("measure.unknown", {"name": fault.measure})
