"""All bodies together stay under one limit, and give back what they held."""

import pytest

from entsurge.client.budget import BODIES, FREE_BYTES, STEP_BYTES, Budget
from entsurge.client.failure import OwnLimit, TooLarge
from entsurge.client.message import AnswerParser
from entsurge.client.response import Headers, Response


def head(length: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length


def test_a_small_body_costs_no_lease() -> None:
    """Pages of ordinary size are not in the books."""
    budget = Budget()
    answer = AnswerParser(budget=budget)
    assert answer.feed(head(FREE_BYTES) + bytes(FREE_BYTES))
    assert (answer.lease, budget.held) == (None, 0)


def test_a_large_body_holds_what_has_come() -> None:
    """In steps, as it comes, and not as it is announced; given back when nobody has it."""
    budget = Budget()
    answer = AnswerParser(budget=budget)
    answer.feed(head(8_000_000))
    assert budget.held == 0
    for _ in range(100):
        answer.feed(bytes(10_000))
    assert 1_000_000 - FREE_BYTES <= budget.held <= 1_000_000 + STEP_BYTES
    held = answer.lease
    answer.begin("GET")
    assert budget.held > 0
    del held
    assert budget.held == 0


def test_bodies_are_bounded_together() -> None:
    """Each is small enough; together they are not: the generator's own limit. Who is given up makes room."""
    budget = Budget(4 * STEP_BYTES)
    parsers = [AnswerParser(budget=budget) for _ in range(5)]
    for each in parsers:
        each.feed(head(8_000_000))
    for each in parsers[:4]:
        each.feed(bytes(STEP_BYTES))
    with pytest.raises(OwnLimit, match="MiB"):
        parsers[4].feed(bytes(STEP_BYTES))
    assert budget.held <= budget.limit
    parsers[0].begin("GET")
    parsers[4].begin("GET")
    assert not parsers[4].feed(head(8_000_000) + bytes(STEP_BYTES))
    for each in parsers:
        each.begin("GET")
    assert budget.held == 0


def test_one_body_is_bounded_by_itself() -> None:
    """To the byte, whatever the steps are."""
    budget = Budget()
    answer = AnswerParser(largest=300_000, budget=budget)
    assert answer.feed(head(300_000) + bytes(300_000))
    answer.begin("GET")
    with pytest.raises(TooLarge):
        answer.feed(head(300_001) + bytes(300_001))


def test_what_is_decoded_counts_too(raw, client) -> None:
    """A body of the wire, as bytes and as text, is held as long as the answer is."""
    before = BODIES.held
    body = bytes(200_000)
    server = raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    answer = client.request("GET", server.url, deadline_seconds=10)
    assert BODIES.held - before >= 200_000 - FREE_BYTES
    assert len(answer.text) == 200_000
    assert BODIES.held - before >= 400_000 - FREE_BYTES
    client.close()
    del answer
    assert BODIES.held == before


def test_nothing_is_kept_of_what_had_no_room(monkeypatch) -> None:
    """The limit is felt each time that the body is asked for."""
    monkeypatch.setattr(BODIES, "limit", BODIES.held + 10)
    answer = Response("GET", "u", 200, Headers([]), bytes(100_000))
    for _ in range(2):
        with pytest.raises(OwnLimit):
            _ = answer.text
