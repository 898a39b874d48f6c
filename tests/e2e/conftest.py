"""A sandbox over loopback, a profile that takes seconds, and the command line as its user has it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.commands.demo import demo_settings
from entsurge.commands.processes import sandbox

QUICK = """
[figures]
visits = 1830000
page_views = 7320000
minutes_per_visit = 2

[window]
day = "monday"
from = "09:00"
to = "09:08"

[replay]
scale = "1/40"
compression = 120
warm_up_minutes = 1
drain_seconds = 8
"""


@pytest.fixture(scope="session")
def quick_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lockdown's audience in visits of a second: eight simulated minutes in four seconds."""
    shipped = (content.root("profiles") / "lockdown-2020.toml").read_text(encoding="utf-8")
    head, objectives = shipped.split("[figures]")[0], shipped[shipped.index("[[objective]]") :]
    head = head.replace('baseline = "ordinary-week"\n', "")
    path = tmp_path_factory.mktemp("profiles") / "quick.toml"
    path.write_text(head + QUICK + objectives, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def free_sandbox() -> Iterator[tuple[str, str]]:
    """A sandbox with its limits lifted and pages of ten milliseconds: URL and admin token."""
    settings = demo_settings(profiles.load("lockdown-2020"))
    quick = type(settings)(**vars(settings) | {"unlimited": True, "default_seconds": 0.01, "service_seconds": {}})
    with sandbox(quick.to_json()) as found:
        yield found


@pytest.fixture
def entsurge(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line in an empty folder."""

    def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
        environment = os.environ | dict(more.pop("env", {}))
        command = [sys.executable, "-m", "entsurge", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=420, check=False, **more
        )

    return run
