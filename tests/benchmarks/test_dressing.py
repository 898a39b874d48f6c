"""nginx dressed as a portal serves whatever the portal's driver opens."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lone_session import LoneSession

from entsurge.drivers.portal import PortalDriver
from entsurge.drivers.registry import Setting
from entsurge.visit.driver import Account

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import dressing
import servers

pytestmark = pytest.mark.needs("nginx", "openssl", "taskset")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A dressed server."""
    with servers.nginx(dress=dressing.dress, more=dressing.PORTAL) as served:
        yield served.url


def test_every_action_is_served_to_a_newcomer_and_to_who_knows_the_lists(url: str) -> None:
    """Each action of the driver, twice over: the second time from what its lists have shown."""
    driver, session = PortalDriver(Setting(url)), LoneSession()
    signed_on = driver.sign_on(session, Account("student", "x", "x", "", "0690001A"))
    assert signed_on.ok, signed_on.reason
    for action, spec in [*driver.actions.items()] * 2:
        page = driver.open(session, spec.service, action)
        assert page.ok, (action, page.reason)
    assert not session.record.failures
    session.client.close()


def test_paths_are_the_drivers_own() -> None:
    """The notifications are a page of their own on which the home's service stands."""
    assert dressing.paths()["notifications"] == "home"
    assert dressing.paths()["travail"] == "homework"
