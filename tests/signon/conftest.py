"""A visitor who only signs on: the client alone, its hops kept."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import gevent
import pytest
from tests.lone_session import LoneSession

from entsurge.signon import registry
from entsurge.signon.flow import Flow
from entsurge.signon.method import Arrival
from entsurge.visit.driver import Account


@pytest.fixture
def alone() -> Iterator[LoneSession]:
    """A visitor who only signs on."""
    with gevent.Timeout(30):
        made = LoneSession()
        yield made
        made.client.close()


@pytest.fixture
def enter(alone: LoneSession) -> Callable[..., Arrival]:
    """Signs on by a method with options; proof is a page with `connecte` in it."""

    def go(method: str, door: str, login: str = "alix", password: str = "juste", **options) -> Arrival:  # noqa: S107  a stub's
        made = registry.make(method, options)
        flow = Flow(alone, replace(made.patterns, proof=lambda page: b'id="connecte"' in page.body))
        return made.enter(flow, Account("student", login, password, "school", "uai"), door)

    return go
