"""`entsurge cleanup`, in the engine's process: signs on as who wrote, and removes what `created.jsonl` lists."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entsurge import errors
from entsurge.audience import profile as profiles
from entsurge.client.failure import ClientError
from entsurge.engine import probe
from entsurge.engine.reach import reach
from entsurge.engine.target_access import TargetAccess
from entsurge.plan.people import population
from entsurge.record.layout import CLEANED
from entsurge.record.reading.documents import read_cleaned, read_created, read_whose
from entsurge.record.writer import write_json
from entsurge.terminal import here
from entsurge.visit.driver import Created
from entsurge.visit.visitor import UNREACHABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.engine.probe import Probe
    from entsurge.record.reading.shapes import CreatedRow, Whose

NO_APP = "kept: written by the app, and the target has none any more: name it under [app]"


def main(text: str) -> int:
    """Remove what a run wrote; a line of JSON for each thing. The exit code: 0 when nothing is left."""
    given = json.loads(text)
    try:
        left = 0
        for each in removed(
            Path(given["run"]), TargetAccess(url=given["url"], driver=given["driver"], target=given["target"])
        ):
            print(json.dumps(each), flush=True)
            left += each["state"] not in ("removed", "gone")
    except errors.EntsurgeError as error:
        print(f"entsurge: {here(error.message)}\n  {here(error.hint)}", file=sys.stderr)
        return error.exit_code
    return errors.UNEXPECTED if left else errors.PASS


def removed(run: Path, access: TargetAccess) -> Iterator[dict[str, Any]]:
    """Each thing that the run created, with what became of it: removed, gone, kept (and why).

    What has been removed is written down, so that a second clean-up does not ask again.
    """
    manifest, done = read_whose(run), read_cleaned(run)
    people = None if access.target and access.target.accounts else population(_profile(manifest))
    context = probe.run_context(access, people, run=run.name)
    by_account: dict[tuple[Any, Any, int], list[CreatedRow]] = defaultdict(list)
    for row in read_created(run):
        if row["url"] not in done:
            by_account[row["persona"], row["group"], row["account"]].append(row)
    if by_account:
        reach(access.url, context.access)
    for (persona, academy, number), rows in by_account.items():
        by_app = all(row.get("device") == "app" for row in rows)  # an account keeps its device
        if by_app and access.app is None:  # the portal's driver would look for it where it is not
            yield from (_told(row, NO_APP) for row in rows)
            continue
        with probe.probing(context, persona, academy, number, run=run.name, device="app" if by_app else "") as visitor:
            signed_on = visitor.signs_on()
            if signed_on.reason in UNREACHABLE:
                raise errors.TargetUnreachable(
                    f"{access.url}: {signed_on.reason}", hint="nothing was removed from here on"
                )
            for row in reversed(rows):
                state = _remove(visitor, row) if signed_on.ok else f"kept: {signed_on.reason}"
                if state in ("removed", "gone"):
                    done.add(row["url"])
                yield _told(row, state)
        write_json(run / CLEANED, sorted(done))


def _told(row: CreatedRow, state: str) -> dict[str, Any]:
    return {"service": row["service"], "action": row["action"], "url": row["url"], "state": state}


def _remove(visitor: Probe, row: CreatedRow) -> str:
    visitor.service, visitor.action = row["service"], row["action"]
    try:
        created = Created(row["action"], row["url"], row.get("values") or {})
        return visitor.driver.remove(visitor, created)
    except ClientError as error:
        return f"kept: {error.reason}"


def _profile(manifest: Whose) -> profiles.Profile:
    """The profile whose people the run signed on as."""
    found = next((each for each in manifest.get("content", ()) if each["kind"] == "profiles"), None)
    if found is None:
        raise errors.UsageError("manifest.json names no profile")
    return profiles.load(str(found["path"]), overrides={"seed": manifest["seed"]})
