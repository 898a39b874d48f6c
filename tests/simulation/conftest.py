"""Small simulations: written to a folder, kept for what is asked of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entsurge.audience import profile as profiles
from entsurge.record.writer import RunDirectory
from entsurge.simulation.run import Simulation, subject

Simulated = Callable[..., Simulation]
DEPLOYMENT = """
title = {{ fr = "essai", en = "trial" }}
source = "a test"
[nodes]
workers = {workers}
{nodes}
[pages]
seconds = 0.25
{pages}
[sign_on]
seconds = 0.25
{sign_on}
{rest}
"""


def written(folder: Path, *, workers: int = 12, **parts: str) -> Path:
    """A deployment file: twelve workers and nothing else, or with more in its tables `nodes`, `pages`, `sign_on`."""
    path = folder / "deployment.toml"
    folder.mkdir(parents=True, exist_ok=True)
    parts = dict.fromkeys(("nodes", "pages", "sign_on", "rest"), "") | parts
    path.write_text(DEPLOYMENT.format(workers=workers, **parts), "utf-8")
    return path


@pytest.fixture
def simulated(tmp_path: Path) -> Simulated:
    """Simulates a profile on a deployment of so many workers, into `tmp_path / out`."""

    def run(
        *, profile: str = "lockdown-2020", out: str = "run", changes: dict[str, Any] | None = None,
        luck: int | None = None, measures: tuple[str, ...] = (), most: int = 10**6, **deployment: Any,
    ) -> Simulation:  # fmt: skip
        path = written(tmp_path / f"{out}-on", **deployment)
        of = subject(profiles.load(profile, overrides=changes), path, measures=measures, seed=luck)
        directory = RunDirectory(tmp_path / out)
        found = Simulation(of, directory, most_at_once=most)
        found.run()
        directory.close()
        return found

    return run
