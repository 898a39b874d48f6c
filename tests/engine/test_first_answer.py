"""What the first answer gives away: mistakes of the target file that would fail every page."""

import pytest

from entsurge.client.access import Access
from entsurge.client.response import Headers, Response
from entsurge.engine.first_answer import fault

ACCESS = Access(hosts=("ent.test",))


def answer(status: int, body: bytes = b"", *fields: tuple[bytes, bytes]) -> Response:
    return Response("GET", "https://ent.test/", status, Headers(list(fields)), body)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (answer(400, b"<h1>No required SSL certificate was sent</h1>"), "`client_certificate` and `client_key`"),
        (answer(400, b"<title>400 The SSL certificate error</title>"), "does not trust the client certificate"),
        (answer(400, b"The plain HTTP request was sent to HTTPS port"), "write https://"),
        (answer(302, b"", (b"Location", b"https://cas.elsewhere.test/login")), "cas.elsewhere.test is not among"),
        (answer(302, b"", (b"Location", b"https://cas.elsewhere.test/login")), "name it in `hosts`"),
    ],
)
def test_what_would_fail_every_page_is_said_before_the_first(found: Response, said: str) -> None:
    """Client certificate, plain HTTP to a TLS port, a sign-on on a host that `hosts` does not name: with the remedy."""
    assert said in fault(found, ACCESS)


@pytest.mark.parametrize(
    "found",
    [
        answer(200, b"plain HTTP request was sent to HTTPS port"),
        answer(404),
        answer(400, b"bad request"),
        answer(302, b"", (b"Location", b"/home")),
        answer(302, b"", (b"Location", b"skoapp-prod://sign-in-callback")),
        answer(302, b"", (b"Location", b"https://[oops/")),
    ],
)
def test_anything_else_is_no_fault_of_the_way(found: Response) -> None:
    """Statuses and redirects of an ENT are the ENT's."""
    assert fault(found, ACCESS) == ""
