"""One visitor's way through a sign-on: what is looked at, and how often."""

from entsurge.client.response import Headers, Response
from entsurge.signon.flow import Flow
from entsurge.signon.method import Refusal
from entsurge.signon.refusal_patterns import RefusalPatterns

HTML = [(b"Content-Type", b"text/html")]


def page(body: bytes) -> Response:
    return Response("GET", "http://ent.test/", 200, Headers(HTML), body)


class Counted(RefusalPatterns):
    """Counts how often a page is looked at."""

    looked = 0

    def refusal(self, answer: Response) -> Refusal | None:
        type(self).looked += 1
        return super().refusal(answer)


def test_an_answer_is_looked_at_once_however_often_it_is_asked_about(alone) -> None:
    """The same page again is no new reading; another page is, even one that says the same."""
    flow, full, fine = Flow(alone, Counted()), page("<p>très nombreux".encode()), page(b"<p>Bonjour")
    assert [flow.refusal(full) for _ in range(3)] == [Refusal.FULL] * 3
    assert Counted.looked == 1
    assert [flow.refusal(fine), flow.refusal(full), flow.refusal(page(b"<p>Bonjour"))] == [None, Refusal.FULL, None]
    assert Counted.looked == 4


def test_a_page_that_is_proven_is_no_refusal_whatever_it_says(alone) -> None:
    """Words of a full house in a page that shows the visitor signed on: somebody's message."""
    patterns = RefusalPatterns(proof=lambda answer: b"connecte" in answer.body)
    full = "<p>très nombreux".encode()
    assert Flow(alone, patterns).refusal(page(full)) is Refusal.FULL
    assert Flow(alone, patterns).refusal(page(full + b' id="connecte"')) is None
