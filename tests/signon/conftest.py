"""A visitor who only signs on: the client alone, its hops kept."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import gevent
import pytest

from entsurge.drivers.driver import Account
from entsurge.signon import registry
from entsurge.signon.method import Arrival
from entsurge.signon.walk import Walk
from entsurge.visit.allow import AllowList
from entsurge.visit.client import Client


class Alone:
    """What a walk needs of a visitor."""

    def __init__(self) -> None:
        self.client = Client(allow=AllowList(), headers={"User-Agent": "test"})
        self.memory: dict = {}
        self.hops: list[tuple[str, str]] = []

    def hop(self, step, method, url, *, headers=None, body=None):
        return self.client.request(method, url, headers=headers, body=body, deadline_seconds=10)

    def hopped(self, step, outcome, microseconds):
        assert microseconds >= 0
        self.hops.append((step, str(outcome)))


@pytest.fixture
def alone() -> Iterator[Alone]:
    """A visitor who only signs on."""
    with gevent.Timeout(30):
        made = Alone()
        yield made
        made.client.close()


@pytest.fixture
def enter(alone: Alone) -> Callable[..., Arrival]:
    """Signs on by a method with options; proof is a page with `connecte` in it."""

    def go(method: str, door: str, login: str = "alix", password: str = "juste", **options) -> Arrival:  # noqa: S107  a stub's
        made = registry.make(method, options)
        walk = Walk(alone, replace(made.signs, proof=lambda page: b'id="connecte"' in page.body))
        return made.enter(walk, Account("student", login, password, "school", "uai"), door)

    return go
