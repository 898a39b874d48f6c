"""The one redirect policy against the Fetch standard (4.4, HTTP-redirect fetch)."""

import itertools

import pytest

from entsurge.client.failure import NotAllowed, ProtocolBroken, TooManyRedirects
from entsurge.client.redirects import MOST, Hop, next_hop
from entsurge.client.response import Headers, Response

HERE = "https://ent.test/a/b?q"


def answer(
    status: int,
    location: str | bytes | None = "/next",
    *,
    method: str = "GET",
    url: str = HERE,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    fields = [] if location is None else [(b"Location", location if isinstance(location, bytes) else location.encode())]
    return Response(method, url, status, Headers(fields), b"", request_body=body, request_headers=headers or {})


def hop(given: Response) -> Hop:
    found = next_hop(given)
    assert found is not None
    return found


BODY = {"Content-Type": "application/json", "Content-Language": "fr", "X-Token": "t", "Accept": "text/html"}


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        *((status, "POST", "GET") for status in (301, 302, 303)),
        *((status, method, method) for status in (301, 302) for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH")),
        *((303, method, "GET") for method in ("GET", "PUT", "DELETE", "PATCH")),
        (303, "HEAD", "HEAD"),
        *(
            (status, method, method)
            for status, method in itertools.product((307, 308), ("GET", "HEAD", "POST", "PUT", "DELETE"))
        ),
    ],
)
def test_methods_and_bodies(status: int, method: str, becomes: str) -> None:
    """What becomes GET loses its body and the fields that describe it; what keeps its method keeps both."""
    found = hop(answer(status, method=method, body=b"{}", headers=BODY))
    lost = becomes != method
    assert (found.method, found.body) == (becomes, None if lost else b"{}")
    assert found.headers == ({"X-Token": "t", "Accept": "text/html"} if lost else BODY)


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306, 399, 404, 500])
def test_other_statuses_lead_nowhere(status: int) -> None:
    """A Location beside them is no redirect."""
    assert next_hop(answer(status)) is None


@pytest.mark.parametrize("location", [None, "", "  "])
def test_without_an_address_the_answer_stands(location: str | None) -> None:
    """Browsers show the body of a redirect that names nothing."""
    assert next_hop(answer(302, location)) is None


SECRETS = {"Authorization": "Bearer secret", "X-XSRF-TOKEN": "secret", "Cookie2": "secret", "Accept": "text/html",
           "Content-Type": "text/plain", "User-Agent": "entsurge"}  # fmt: skip


@pytest.mark.parametrize("location", ["/next", "https://ent.test/x", "HTTPS://ENT.test:443/x", "//ent.test/x", "?x"])
def test_the_same_origin_gets_everything(location: str) -> None:
    """However the origin is written."""
    assert hop(answer(307, location, method="POST", body=b"x", headers=SECRETS)).headers == SECRETS


@pytest.mark.parametrize(
    "location",
    ["https://other.test/", "//other.test/", "http://ent.test/", "https://ent.test:444/", "https://sub.ent.test/",
     "https://ent.test.other.test/", "https:\\\\other.test", "https://ent.test@other.test/", "skolengo://back?code=1",
     "https://ent.test:99999/", "https://[bad/"],
)  # fmt: skip
def test_another_origin_gets_no_secret(location: str) -> None:
    """Another host, port or scheme, or none that can be told: no Authorization, no token; a body keeps its type."""
    found = hop(answer(307, location, method="POST", body=b"x", headers=SECRETS))
    assert found.headers == {"Accept": "text/html", "Content-Type": "text/plain", "User-Agent": "entsurge"}
    assert (found.method, found.body) == ("POST", b"x")


def test_what_was_dropped_does_not_come_back() -> None:
    """A way out and home again brings no secret back: the hop's own fields are what the next one starts from."""
    out = hop(answer(302, "https://other.test/", headers=SECRETS))
    home = hop(answer(302, HERE, url=out.url, headers=dict(out.headers)))
    assert "secret" not in " ".join(home.headers.values())


def test_conditions_belong_to_one_address() -> None:
    """An ETag or a date of one page is not asked about at another."""
    conditions = {"If-None-Match": '"1"', "If-Modified-Since": "x", "Accept": "a"}
    assert hop(answer(302, headers=conditions)).headers == {"Accept": "a"}


@pytest.mark.parametrize(
    ("url", "location", "expected"),
    [
        ("https://ent.test/a#one", "/b", "https://ent.test/b#one"),
        ("https://ent.test/a#one", "/b#two", "https://ent.test/b#two"),
        ("https://ent.test/a#one", "/b#", "https://ent.test/b#"),
        ("https://ent.test/a", "/b#token=1", "https://ent.test/b#token=1"),
    ],
)
def test_fragments(url: str, location: str, expected: str) -> None:
    """A fragment is kept until an answer names another, be it an empty one."""
    assert hop(answer(302, location, url=url)).url == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/été?q=é".encode(), "https://ent.test/%C3%A9t%C3%A9?q=%C3%A9"),
        ("/été".encode("latin-1"), "https://ent.test/%E9t%E9"),
        (b"/x\xc2\xa0", "https://ent.test/x%C2%A0"),
        ("https://école.test/".encode(), "https://%C3%A9cole.test/"),
    ],
)
def test_raw_bytes(location: bytes, expected: str) -> None:
    """They are asked for as they came, each percent-encoded."""
    assert hop(answer(302, location)).url == expected


def test_several_locations() -> None:
    """The same twice is one; two that differ are an error, as in Chromium."""
    same, other = [(b"Location", b"/a"), (b"location", b"/a")], [(b"Location", b"/a"), (b"Location", b"/b")]
    assert hop(Response("GET", HERE, 302, Headers(same), b"")).url == "https://ent.test/a"
    with pytest.raises(ProtocolBroken):
        next_hop(Response("GET", HERE, 302, Headers(other), b""))


# -- on the wire -------------------------------------------------------------------------------------------------------


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n".encode()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_a_body_goes_on_with_its_type(raw, client) -> None:
    """307: the same request, at the other place of the same origin."""
    server = raw(redirect("/two", 307), OK)
    first = client.request(
        "POST", f"{server.url}/one", body=b"{}", deadline_seconds=5,
        headers={"Content-Type": "application/json", "Authorization": "Bearer secret"},
    )  # fmt: skip
    assert client.follow(first, deadline_seconds=5).text == "ok"
    sent = server.heads[1]
    assert sent.startswith(b"POST /two HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in sent
    assert b"\r\nAuthorization: Bearer secret\r\n" in sent
    assert sent.endswith(b"Content-Length: 2\r\n\r\n{}")


def test_another_origin_never_sees_the_token(raw, client) -> None:
    """A port is another origin: nothing secret goes over that wire."""
    other = raw(OK)
    server = raw(redirect(f"{other.url}/x", 307))
    client.get(f"{server.url}/one", headers={"Authorization": "Bearer secret", "X-Token": "secret"}, deadline_seconds=5)
    assert b"secret" in server.heads[0]
    assert b"secret" not in other.heads[0]


def test_what_becomes_get_says_nothing_of_a_body(raw, client) -> None:
    """302 after POST: no type, no length."""
    server = raw(redirect("/two"), OK)
    first = client.request("POST", server.url, body=b"x", headers={"Content-Type": "text/plain"}, deadline_seconds=5)
    client.follow(first, deadline_seconds=5)
    assert server.heads[1].startswith(b"GET /two ")
    assert b"Content-" not in server.heads[1]


def test_a_loop_ends_after_as_many_hops_as_in_browsers(raw, client) -> None:
    """Twenty are followed."""
    server = raw(redirect("/"))
    with pytest.raises(TooManyRedirects):
        client.get(server.url, deadline_seconds=10)
    assert len(server.heads) == MOST + 1


def test_a_hop_that_leaves_the_allow_list_is_not_asked(raw, client) -> None:
    """Be it the first hop or a later one; nothing is sent there."""
    server = raw(redirect("/two"), redirect("http://192.0.2.7/"))
    with pytest.raises(NotAllowed):
        client.get(server.url, deadline_seconds=5)
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", "skolengo://back", "http://[bad/", "http://a:99999/", "file:///etc"]
)
def test_what_is_no_web_address_is_not_followed(raw, client, location: str) -> None:
    """The server's failure, with its reason."""
    with pytest.raises(ProtocolBroken):
        client.get(raw(redirect(location)).url, deadline_seconds=5)
