"""A network namespace for a run's visitors: between them and the edge every packet passes rules of its own."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from entsurge.chaos import guardian
from entsurge.chaos.faults.fault import make
from entsurge.chaos.lacking import nftables
from entsurge.chaos.process import Process
from entsurge.chaos.state import Record, audit
from entsurge.errors import EntsurgeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.chaos.faults.fault import Fault


@contextlib.contextmanager
def namespace(target: str = "") -> Iterator[str]:
    """A namespace for a run on this target as long as the context lives.

    A guardian takes it away when this process is killed; it is on disk before it is made, so that `recover` finds it
    where the guardian was killed too.

    Raises UsageError where this machine cannot do that.
    """
    lacks = nftables()
    if lacks:
        raise UsageError(f"a network fault needs a namespace of the run's own: {'; '.join(lacks)}")
    name = f"entsurge-{os.getpid()}"
    one = make("namespace", {"name": name})
    record = Record(
        experiment=name, kind=one.kind, settings={"name": name}, lease=one.lease, lease_seconds=0.0,
        before={"name": name}, holder=Process.me(), controller=Process.me(),
        run="", target=target,
    )  # fmt: skip
    watching = guardian.start()
    record.write()
    audit(record, "applying")
    try:
        one.apply(0.0)
        yield name
    finally:
        try:
            _remove(one, record)
        finally:
            guardian.dismiss(watching)


def _remove(one: Fault, record: Record) -> None:
    """Take it away; where that fails, its record stays for `recover`. Raises EntsurgeError."""
    try:
        with record.ending() as there:
            if there:
                one.undo(record.before)
                audit(record, "ended", "normal")
    except EntsurgeError as error:
        audit(record, "undo failed", "normal", detail=str(error))
        raise
