"""A report that shows every kind of section, made once."""

from pathlib import Path

import pytest
from tests.render.records import record, with_everything

from entsurge.render import write_report


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, one that held and one that did not: a fault, a measure, target's series, failures, hostile texts."""
    folder = tmp_path_factory.mktemp("report")
    runs = [record(folder / "a", name="calm"), with_everything(folder / "b")]
    write_report(runs, folder, formats=("html", "json", "junit", "md"))
    return folder
