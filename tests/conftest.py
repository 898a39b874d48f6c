"""What every test may ask for: markers for slow tests and for system commands."""

import os
import shutil
from collections.abc import Iterator

import pytest

FULL = os.environ.get("ENTSURGE_FULL") == "1"


@pytest.fixture(scope="session", autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What perturbations keep on disk is this session's own: no test undoes what a run outside left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENTSURGE_STATE", str(tmp_path_factory.mktemp("state")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests run only under ENTSURGE_FULL=1."""
    if FULL:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: run with ENTSURGE_FULL=1"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A missing system command skips a test with the reason; under ENTSURGE_FULL=1 it fails it."""
    for marker in item.iter_markers("needs"):
        missing = [command for command in marker.args if shutil.which(command) is None]
        if missing and FULL:
            pytest.fail(f"needs {', '.join(missing)}, which ENTSURGE_FULL=1 demands", pytrace=False)
        if missing:
            pytest.skip(f"needs {', '.join(missing)}")
