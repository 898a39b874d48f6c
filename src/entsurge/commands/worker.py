"""`entsurge worker`: offers a part of a run that a master elsewhere leads."""

from __future__ import annotations

import click

from entsurge.commands.processes import run_worker
from entsurge.errors import UsageError
from entsurge.said import said


@click.command("worker", epilog="Example: entsurge worker --master 192.0.2.10:5557")
@click.option("--master", required=True, metavar="HOST:PORT", help="Where `entsurge run --workers N --bind` listens.")
def command(master: str) -> int:
    """Work for a master: it hands out the plan's shards; this process offers them and reports once a second.

    Needs the same version of entsurge and the same scenario files as the master; otherwise it is refused.
    Ends with the run, or by itself eight seconds after the master has fallen silent.
    """
    host, _, port = master.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(said("--master {master}: not HOST:PORT", master=master), hint="such as 127.0.0.1:5557")
    return run_worker(host, int(port))
