"""An edge that refused is said by its name, and the run supports no verdict."""

from types import SimpleNamespace

from tests.typography import in_words

from entsurge.analysis.validity import EDGE, _edge, broken
from entsurge.client.response import Headers, Response
from entsurge.drivers.results import not_as_it_should_be
from entsurge.visit.outcome import Outcome


def test_the_reason_that_drivers_give_is_the_one_that_is_looked_for() -> None:
    """Drivers, record and analysis agree on the words."""
    answer = Response("GET", "http://ent/", 403, Headers([(b"cf-mitigated", b"challenge")]), b"")
    reason = not_as_it_should_be(answer, Outcome.FAILED).reason
    assert reason == f"{EDGE}cloudflare"
    light = _edge(SimpleNamespace(finish={"limits": {reason: 3, "own-limit": 2}}))
    assert broken([light]) == [light]
    assert "cloudflare: 3" in in_words(light.said)
    assert "cloudflare: 3" in in_words(light.said, "fr")


def test_without_one_the_light_is_green() -> None:
    """No refusal, or no finish at all: nothing is held against the run here."""
    for finish in (None, {"limits": {"own-limit": 2}}):
        assert _edge(SimpleNamespace(finish=finish)).ok is True
