"""Pages of a driver in TOML against a server: what is waited for, what is written, how a failure is told."""

import importlib.util
import itertools
import re
import time
from pathlib import Path

import gevent
import pytest
from gevent.event import Event
from tests.lone_session import LoneSession

from entsurge.drivers import registry
from entsurge.visit.driver import Account, Created

_spec = importlib.util.spec_from_file_location("client_conftest", Path(__file__).parent.parent / "client/conftest.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
ok, Raw = _module.ok, _module.Raw

HEAD = """
[signs]
signed_on = [{ text = "bonjour" }]
signed_out = [{ css = "#login" }]
denied = [{ text = "Accès refusé" }]
[[page]]
service = "home"
action = "open-home"
request = [{ url = "/" }]
"""
HOME = ok(b"<p>bonjour</p>", b"Content-Type: text/html; charset=utf-8")


class Site:
    """A server that answers by method and path: bytes, or what a function does with the socket; 404 for the rest."""

    def __init__(self, routes) -> None:
        self.routes, self.asked = {"GET /": HOME, **routes}, []
        self.raw = Raw(self.answer)

    def answer(self, sock, head, _number):
        line, _, rest = head.decode().partition("\r\n")
        method, target, _ = line.split(" ")
        self.asked.append((f"{method} {target}", rest.partition("\r\n\r\n")[2]))
        found = self.routes.get(f"{method} {target.partition('?')[0]}", ok(b"?", status=b"404 Not Found"))
        if isinstance(found, bytes):
            return sock.sendall(found)
        return found(sock)


@pytest.fixture
def visiting(tmp_path):
    """Signs a visitor on at a site with a driver of these pages: site, driver, session."""
    made = []

    def visit(pages, routes, run="essai"):
        site = Site(routes)
        path = tmp_path / f"d{len(made)}.toml"
        path.write_text(HEAD + pages, encoding="utf-8")
        driver = registry.make(str(path), registry.Setting(site.raw.url))
        session = LoneSession()
        session.run_context.access = session.run_context.access.of_run(run)
        made.append((site, session))
        signed_on = driver.sign_on(session, Account("student", "alix", "juste", "s", "t"))
        assert signed_on.ok, signed_on
        return site, driver, session

    with gevent.Timeout(60):
        yield visit
    for site, session in made:
        session.leave_page()
        session.client.close()
        site.raw.server.stop(timeout=0.1)


def opens(driver, session, action):
    """Open a page as a visit does."""
    session.leave_page()
    session.service, session.action = driver.actions[action].service, action
    return driver.open(session, session.service, action)


def until(condition):
    """Wait for something that is to come, with a limit."""
    for _ in range(1000):
        if condition():
            return
        gevent.sleep(0.01)
    raise AssertionError("it never came")


# -- in the background ---------------------------------------------------------------------------------------------

CHAT = """
[[page]]
service = "chat"
action = "open-chat"
[[page.request]]
url = "/chat"
[[page.request]]
url = "/sync"
background = true
extract.since = { json_path = "$.next", optional = true }
[[page]]
service = "chat"
action = "read-chat"
[[page.request]]
url = "/chat?since={since}"
"""


class Poll:
    """A long poll: answered when it is told, and it sees whether the other side has gone."""

    def __init__(self, answer: bytes = b"") -> None:
        self.begun, self.told, self.gone, self.bytes = Event(), Event(), Event(), answer

    def __call__(self, sock):
        self.begun.set()
        hearing = gevent.spawn(self.hear, sock)
        self.told.wait(30)
        if not self.gone.is_set():
            sock.sendall(self.bytes)
        hearing.kill()

    def hear(self, sock):
        if not sock.recv(1, 2):  # MSG_PEEK: the next request is not for us
            self.gone.set()
            self.told.set()


def test_a_page_does_not_wait_for_its_background(visiting) -> None:
    """The page is done while the poll hangs; what the poll brings is there for later pages, and only then."""
    poll = Poll(ok(b'{"next": "s7"}'))
    site, driver, session = visiting(CHAT, {"GET /chat": ok(b"chat"), "GET /sync": poll})
    result = opens(driver, session, "open-chat")
    assert result.ok
    assert not poll.told.is_set()
    early = driver.open(session, "chat", "read-chat")  # on the same page still
    assert (early.instead, early.lacked) == ("open-chat", "since")
    poll.told.set()
    until(lambda: driver._known(session).get("since"))
    late = opens(driver, session, "read-chat")
    assert late.ok
    assert not late.instead
    assert site.asked[-1][0] == "GET /chat?since=s7"
    assert session.record.failures == []


def test_leaving_the_page_ends_its_background(visiting) -> None:
    """The connection is closed at once, and the request counts as cancelled: neither served nor a failure."""
    poll = Poll()
    _, driver, session = visiting(CHAT, {"GET /chat": ok(b"chat"), "GET /sync": poll})
    began = time.monotonic()
    assert opens(driver, session, "open-chat").ok
    assert poll.begun.wait(10)
    assert opens(driver, session, "open-home").ok
    assert poll.gone.wait(10)
    assert time.monotonic() - began < 20
    assert [row[:3] for row in session.record.requests] == [("chat", "open-chat", "cancelled")]
    assert session.record.failures == []
    assert opens(driver, session, "open-home").ok  # the client is sound


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (ok(b"no", status=b"500 Oops"), "500: GET /sync"),
        (ok("Accès refusé".encode(), b"Content-Type: text/html"), 'denied: GET /sync: text "Accès refusé"'),
        (b"", "reset: GET /sync"),
    ],
)
def test_what_fails_in_the_background_is_no_pages_failure(visiting, answer, reason) -> None:
    """It is kept as an example under its request's name; the page was well."""
    _, driver, session = visiting(
        CHAT, {"GET /chat": ok(b"chat"), "GET /sync": answer or (lambda sock: sock.close() or "close")}
    )
    assert opens(driver, session, "open-chat").ok
    until(lambda: session.record.failures)
    signature, row = session.record.failures[0]
    assert signature == f"chat open-chat in the background: {reason}"
    assert (row["outcome"], row["page"]) == ("failed", "open-chat")


def test_a_mistake_of_ours_in_the_background_ends_nothing(visiting) -> None:
    """It is kept with its traceback, as a scenario's own is."""
    _, _, session = visiting(CHAT, {})
    session.service, session.action = "chat", "open-chat"
    session.background(lambda _: {}["x"])
    until(lambda: session.record.failures)
    signature, row = session.record.failures[0]
    assert signature.endswith("KeyError")
    assert row["outcome"] == "lost"
    assert "KeyError" in row["traceback"]


# -- what is written -----------------------------------------------------------------------------------------------

WRITING = """
[[page]]
service = "messages"
action = "read-inbox"
[[page.request]]
url = "/inbox"
extract.box = {{ regex = "box=(\\\\d+)", optional = true }}
[[page]]
service = "messages"
action = "send-message"
writes = true
created = "/m/{{{made}}}"
[[page.request]]
method = "POST"
url = "/send"
body = "{{run}} {{unique}} {{number}}"
{first}
[[page.request]]
url = "/sent"
{second}
[[page.remove]]
method = "DELETE"
url = "/m/{{{made}}}?u={{unique}}"
"""
FOUND = "extract.id = {{ regex = 'id=(\\d+)'{} }}"


def writing(made, *, first="", second="", **routes):
    pages = WRITING.format(made=made, first=first, second=second)
    return pages, {"GET /inbox": ok(b"empty"), "POST /send": ok(b"id=7"), "GET /sent": ok(b"id=9"), **routes}


def posted(site):
    return [body for line, body in site.asked if line == "POST /send"]


def test_nothing_is_written_that_could_not_be_found_again(visiting) -> None:
    """A name in `created` that no page has shown, nor its own requests show, counts before anything is written."""
    site, driver, session = visiting(*writing("box"))
    result = opens(driver, session, "send-message")
    assert (result.ok, result.instead, result.lacked) == (True, "read-inbox", "box")
    assert posted(site) == []
    site.routes["GET /inbox"] = ok(b"box=3")
    opens(driver, session, "read-inbox")
    assert not opens(driver, session, "send-message").instead
    assert len(posted(site)) == 1
    assert [url for _, url, _ in session.written] == [f"{site.raw.url}/m/3"]


@pytest.mark.parametrize(
    ("where", "name"),
    [({"first": FOUND.format("")}, "7"), ({"second": FOUND.format("")}, "9")],
)
def test_what_a_page_shows_of_what_it_wrote(visiting, where, name) -> None:
    """In the answer itself, or in a call that comes after."""
    site, driver, session = visiting(*writing("id", **where))
    assert opens(driver, session, "send-message").ok
    assert [url for _, url, _ in session.written] == [f"{site.raw.url}/m/{name}"]


def test_what_was_written_is_listed_whatever_comes_after(visiting) -> None:
    """By the request's own address where the file's cannot be filled in; never by an earlier writing's."""
    optional = FOUND.format(", optional = true")
    site, driver, session = visiting(*writing("id", first=optional))
    assert opens(driver, session, "send-message").ok
    site.routes["POST /send"] = ok(b"thank you")
    result = opens(driver, session, "send-message")
    assert result.reason == "nothing to fill in for id: created"
    site.routes |= {"POST /send": ok(b"id=8"), "GET /sent": ok(b"", status=b"502 Bad")}
    assert opens(driver, session, "send-message").reason == "502: GET /sent"
    assert [url.removeprefix(site.raw.url) for _, url, _ in session.written] == ["/m/7", "/send", "/m/8"]


def test_a_second_run_of_a_seed_writes_nothing_twice(visiting) -> None:
    """The number comes back with the seed; the run's name and what is unique do not."""
    sent = []
    for run in ("lundi 1", "lundi-2"):
        site, driver, session = visiting(*writing("id", first=FOUND.format("")), run=run)
        for _ in range(3):
            assert opens(driver, session, "send-message").ok
        sent.append([body.split() for body in posted(site)])
    numbers = [[number for *_, number in of] for of in sent]
    assert numbers[0] == numbers[1]
    assert [of[0][0] for of in sent] == ["lundi-1", "lundi-2"]
    unique = [one for _, one, _ in itertools.chain(*sent)]
    assert len(set(unique)) == 6
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in unique)


def test_clean_up_knows_what_was_unique(visiting) -> None:
    """`{unique}` in a removal is that of the request which wrote."""
    site, driver, session = visiting(*writing("id", first=FOUND.format("")))
    opens(driver, session, "send-message")
    ((action, url, values),) = session.written
    site.routes["DELETE /m/7"] = ok(b"", status=b"204 No Content")
    assert driver.remove(session, Created(action, url, values)) == "removed"
    assert site.asked[-1][0] == f"DELETE /m/7?u={posted(site)[0].split()[1]}"
    site.routes["DELETE /m/7"] = ok(b"", status=b"403 Forbidden")
    assert driver.remove(session, Created(action, url, values)) == "kept: 403: DELETE /m/{id}?u={unique}"


# -- how a failure is told -----------------------------------------------------------------------------------------

TOLD = """
[[page]]
service = "news"
action = "read-news"
[[page.request]]
url = "/news?n={number}"
wants = [{ css = "#dw__login" }, { text = "l'établissement" }]
extract.item = { css = "a", attribute = "href" }
"""


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (ok(b"<p>else"), "failed", "lacks: GET /news?n={number}: css \"#dw__login\" or text \"l'établissement\""),
        (ok(b"<p id=login>"), "failed", 'signed out: GET /news?n={number}: css "#login"'),
        (ok("Accès refusé".encode(), status=b"403 No"), "failed", 'denied: GET /news?n={number}: text "Accès refusé"'),
        (ok(b"Acc&egrave;s&nbsp;refus&eacute;"), "failed", 'denied: GET /news?n={number}: text "Accès refusé"'),
        (ok(b"x", status=b"503 Full"), "shed", "overload: GET /news?n={number}: status 503"),
        (ok(b"x", status=b"418 Teapot"), "failed", "418: GET /news?n={number}"),
        (ok("l’établissement".encode()), "failed", 'nothing for item: GET /news?n={number}: css "a"'),
        (ok(b"l&#039;\xe9tablissement <a href=x>", b"Content-Type: text/html; charset=iso-8859-1"), "ok", ""),
        (ok(b"\x1f\x8b broken", b"Content-Encoding: gzip"), "failed", "protocol: GET /news?n={number}"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "failed", "reset: GET /news?n={number}"),
    ],
)  # fmt: skip
def test_a_failure_names_request_and_sign(visiting, answer, outcome, reason) -> None:
    """As the file writes them, so that all visitors' failures of a kind are one."""
    _, driver, session = visiting(TOLD, {"GET /news": lambda sock: sock.sendall(answer) or "close"})
    result = opens(driver, session, "read-news")
    assert (str(result.outcome), result.reason) == (outcome, reason)


def test_nobody_answers(visiting) -> None:
    """Where the host itself is not there, the reason is the bare word that ends a run."""
    site, driver, session = visiting(TOLD, {})
    session.client.close()
    site.raw.server.stop(timeout=0.1)
    session.client = type(session.client)(allow=session.allow)
    assert opens(driver, session, "read-news").reason == "connect-refused"


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ('request = [{ url = "/", background = true }]', "begins with its document"),
        ('request = [{ url = "/" }, { url = "/", background = true, role = "document" }]', "waits for its documents"),
        ('request = [{ url = "/", extract = { unique = { css = "a" } } }]', "unique: filled in for each page"),
        ('request = [{ url = "/" }]\nremove = [{ url = "/", background = true }]', "removed in the background"),
    ],
)
def test_faults(tmp_path, page, problem) -> None:
    """A page waits for its documents, and what is filled in anew cannot be extracted."""
    from entsurge.drivers import pages_file
    from entsurge.errors import UsageError

    path = tmp_path / "d.toml"
    path.write_text(f'{HEAD}[[page]]\nservice = "news"\n{page}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        pages_file.load(path)


# -- whose a page is -----------------------------------------------------------------------------------------------

WHOSE = """
[[page]]
service = "marks"
action = "read-marks"
personas = ["student"]
request = [{ url = "/mine" }]
[[page]]
service = "marks"
action = "read-marks"
personas = ["inspector"]
request = [{ url = "/all" }]
"""


def test_a_page_is_whose_the_file_says_it_is(visiting) -> None:
    """A persona that the file names has its own page; one that it nowhere names has what is everybody's."""
    site, driver, session = visiting(WHOSE, {"GET /mine": HOME, "GET /all": HOME})
    assert opens(driver, session, "read-marks").ok
    assert site.asked[-1][0] == "GET /mine"
    assert driver.sign_on(session, Account("inspector", "ines", "juste", "s", "t")).ok
    assert opens(driver, session, "read-marks").ok
    assert site.asked[-1][0] == "GET /all"
    assert driver.sign_on(session, Account("guest", "guy", "juste", "s", "t")).ok
    assert opens(driver, session, "open-home").ok
    assert not opens(driver, session, "read-marks").ok
    assert driver.reads("inspector") == {"home", "marks"}
    assert driver.reads("guest") == driver.reads("teacher") == {"home"}
