"""What a request says of the page that it is made from, by Referrer Policy and Fetch."""

import pytest
from tests.client.conftest import ok
from tests.lone_session import LoneSession

from entsurge.client.client import Client
from entsurge.client.referrer import page_headers, referrer


@pytest.mark.parametrize(
    ("page", "url", "expected"),
    [
        ("https://ent.test/a/b?c=d#e", "https://ent.test/f", "https://ent.test/a/b?c=d"),
        ("https://user:secret@ent.test/a", "https://ent.test/f", "https://ent.test/a"),
        ("https://ent.test/a", "https://cas.test/login", "https://ent.test/"),
        ("https://ent.test/a", "https://ent.test:8443/a", "https://ent.test/"),
        ("https://ent.test/a", "http://ent.test/a", ""),
        ("http://ent.test/a", "https://ent.test/a", "http://ent.test/"),
        ("https://ent.test/caf\u00e9", "https://ent.test/", "https://ent.test/caf%C3%A9"),
        ("https://ent.test/a", "skoapp-prod://sign-in-callback", ""),
    ],
)
def test_the_default_policy(page: str, url: str, expected: str) -> None:
    """strict-origin-when-cross-origin: whole at home, the origin elsewhere, nothing from HTTPS to HTTP."""
    assert referrer(page, url) == expected


def test_what_may_change_something_names_its_origin() -> None:
    """A POST bears Origin, a GET does not; without a page there is neither."""
    assert page_headers("https://ent.test/a", "POST", "https://cas.test/b") == {
        "Referer": "https://ent.test/", "Origin": "https://ent.test",
    }  # fmt: skip
    assert page_headers("https://ent.test/a", "GET", "https://ent.test/b") == {"Referer": "https://ent.test/a"}
    assert page_headers("", "POST", "https://ent.test/b") == {}


PAGE, AWAY = b"Content-Type: text/html; charset=utf-8", b"Location: /next"


def fields(head: bytes) -> dict[bytes, bytes]:
    pairs = (line.partition(b": ") for line in head.split(b"\r\n")[1:] if line)
    return {name: value for name, _, value in pairs if name in (b"Referer", b"Origin")}


def test_a_visitor_says_where_it_comes_from(raw, client: Client) -> None:
    """A first page has no referrer; what is asked from it has, and a form's redirect keeps it without its origin."""
    server = raw(ok(b"<p>", PAGE), ok(b"", AWAY, status=b"302 Found"), ok(b"<p>", PAGE), ok(b"{}"))
    session = LoneSession(client=client)
    session.get(f"{server.url}/form?a=1#b")
    session.follow(session.post_form(f"{server.url}/send", {"x": "1"}))
    session.fetch_many([f"{server.url}/data"])
    url = server.url.encode()
    assert [fields(head) for head in server.heads] == [
        {},
        {b"Referer": url + b"/form?a=1", b"Origin": url},
        {b"Referer": url + b"/form?a=1"},
        {b"Referer": url + b"/next"},
    ]


def test_an_app_sends_no_more_than_it_is_told(raw, client: Client) -> None:
    """`request` and `hop` are an app's own: a token is asked for from no page."""
    server = raw(ok(b"<p>", PAGE), ok(b"{}"))
    session = LoneSession(client=client)
    session.get(f"{server.url}/form")
    session.request("POST", f"{server.url}/token", body=b"")
    assert fields(server.heads[1]) == {}


def test_a_file_is_sent_as_browsers_send_it(raw, client: Client) -> None:
    """Multipart by urllib3: fields in their order, names and file names escaped, the boundary in the header."""
    server = raw(ok(b""))
    LoneSession(client=client).post_file(f"{server.url}/send", {"a": "1"}, 'c"d.txt', b"text", field="file")
    assert b"Content-Type: multipart/form-data; boundary=entsurge-7f3a9c" in server.heads[0]
    whole = server.heads[0].partition(b"\r\n\r\n")[2]
    assert b'name="a"' in whole
    assert b'filename="c%22d.txt"' in whole
