"""A visit of three pages by headless Chromium and by a visitor: the same requests, but where we differ on purpose.

The pages hold every rule of `client/page_requests.py` and every oddity that a browser forgives; the second and third
name what the first has named already, under every policy of caching. A path's first part says what its answer says.
"""

from __future__ import annotations

import threading
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep, time
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from entsurge.client.allow_list import AllowList
from entsurge.client.client import Client
from entsurge.selectors import assets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.needs("chromium", "chromedriver")]

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --window-size=1280,900"
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)
YEAR = 365 * 86400

DIFFERS = {
    "/favicon.ico": "asked once in a profile's life where no page names an icon, not by each new visitor's page",
    "/max/prefetched.js": "asked when nothing else is to do, for a page that may never be opened",
    "/max/film.mp4": "a few ranges of a film, not the whole of it",
    "/max/sound.mp3": "a few ranges of a sound, not the whole of it",
    "/max/used.png": "named by a rule of a <style>: which rules are used only a layout knows",
    "/max/inner.png": "asked by the document of a frame, not by the page",
    "/max/of-sheet.png": "named by a stylesheet's own file, which is not read",
    "/max/by-script.png": "asked by a script, which is not run",
    "/max/far.png": "a lazy image further down than 1,250 pixels: where it stands only a layout knows",
    "/max/hover.png": "for a mouse, which headless Chromium has not and a person at a desk has",
}
"""What one of the two asks for and the other not, and why."""

HEAD, ICON = (
    "<!doctype html><html><head><meta charset=utf-8><title>{name}</title>",
    "<link rel=icon href=/max/icon.png>",
)
NEXT = '<a id=next href="/{name}.html">on</a>'
ODD = """
<script src="/max/s1.js"></script><script src="/max/s2.js" nomodule></script><script src=/max/s3.js></script>
<script src="/max/s4.js" type="text/template"></script><script src = "/max/s5.js" type=module></script>
<script src="/max/s6.js" type=" text/JavaScript "></script><script src="/max/s7.js" language="vbscript"></script>
<script src="/max/s8.js" type="application/json"></script><script>var markup = '<img src=/max/s9.png>';</script>
<link rel=stylesheet href=/max/l1.css><LINK REL="Stylesheet" HREF="/max/l2.css" media=print>
<link rel="alternate stylesheet" title=a href=/max/l3.css><link rel=stylesheet disabled href=/max/l4.css>
<link rel=stylesheet type=text/plain href=/max/l5.css><link rel=preload as=font crossorigin href=/max/l6.woff2>
<link rel=preload href=/max/l7.js><link rel=preload as=style media=print href=/max/l8.css>
<link rel=preload as=image imagesrcset="/max/l9a.png 400w, /max/l9b.png 1600w" imagesizes=100vw>
<link rel=modulepreload href=/max/l10.mjs><link rel=manifest href=/max/l11.json>
<link rel=apple-touch-icon href=/max/l12.png><link rel=dns-prefetch href=//localhost/>
<link rel=prefetch href=/max/prefetched.js>
<style>/* @import "/max/c1.css"; */ @import "/max/c2.css"; @import url( '/max/c3.css' ) print; .used { color: red;
background: url(/max/used.png) } .unused { background: url(/max/c4.png) } @import "/max/c5.css";</style>
<noscript><link rel=stylesheet href=/max/n1.css></noscript>
</head><body background=/max/b1.png><p class=used>x</p>
<!-- <img src=/max/x1.png> --><noscript><img src=/max/x2.png></noscript><template><img src=/max/x3.png></template>
<textarea><img src=/max/x4.png></textarea><iframe><img src=/max/x5.png></iframe><p title="<img src=/max/x6.png>">x</p>
<div><template shadowrootmode=open><img src=/max/x7.png></template></div>
<img src=/max/i1.png><img src=/max/i2.png loading=lazy><IMG SRC = "/max/i3.png"><img src='  /max/i4
.png '><img src="/max/i5.png#top"><img src="/max/i6.png?a=1&amp;b=2&copy=3"><img src="\\max\\i7.png">
<img src="/max/i8 é.png?é"><img src="http:/max/i9.png"><img src="/no/../max/i10.png"><img src="/%2e%2e/max/i11.png">
<img src="/max/|{}^.png?|{}^`'"><image src=/max/i12.png><img src="/max/i13.png" src="/max/no.png"><img src=data:,x>
<img src="//{host}/max/i14.png"><img src="ftp://{host}/i.png"><img src="http://{host}:99999/"><img src="#a"><img src="">
<img srcset="/max/r1.png, /max/r1b.png 2x" src=/max/r1c.png><img srcset="/max/r2b.png 2x" src=/max/r2.png>
<img srcset="/max/r3a.png 400w, /max/r3.png 1600w"><img srcset="/max/r4a.png 400w, /max/r4.png 800w" sizes=50vw>
<picture><source media="(max-width: 600px)" srcset=/max/p1.png><source type=image/no srcset=/max/p2.png>
<source srcset=/max/p3.png><img src=/max/p4.png></picture>
<picture><img src=/max/p5.png><source srcset=/max/p6.png></picture>
<picture><source media="(hover: hover)" srcset=/max/hover.png><img src=/max/hover.png?none></picture>
<video poster=/max/v1.png src=/max/film.mp4></video><audio src=/max/sound.mp3></audio>
<iframe src=/max/frame.html></iframe><iframe src=about:blank></iframe>
<input type=image src=/max/k1.png><input src=/max/k2.png><object data=/max/k3.png></object>
<object data=/max/k4.swf type=application/x-shockwave-flash><img src=/max/k5.png></object><embed src=/max/k6.png>
<svg><image href=/max/g1.png /><image xlink:href=/max/g2.png /><use href="/max/g3.svg#a"/><use href="#b"/></svg>
<div style="background-image:url('/max/d1.png')">x</div><div style="display:none;background:url(/max/d2.png)">x</div>
<div style="background:url(&quot;/max/d3.png&quot;),url(/max/d4.png)">x</div><div hidden
style="background:url(/max/d5.png)"></div><p class=sheet>x</p>
"""
SHARED = "".join(
    f"<img src=/{policy}/shared.png>"
    for policy in ("max", "expires", "changed", "etag", "both", "none", "nostore", "pragma", "past", "vary", "old",
                   "missing", "must", "future", "moved", "away", "away-max")
)  # fmt: skip
BASED = (
    "<script src=max/before.js></script><base href=/max/><base href=/no/><img src=after.png><img src=../etag/based.png>"
)
PAGES = {
    "one": HEAD + ICON + ODD + SHARED + NEXT.format(name="two"),
    "two": HEAD + ICON + BASED + SHARED + NEXT.format(name="three"),
    "three": HEAD + SHARED + "<div style='height:9000px'></div><img loading=lazy src=/max/far.png>",
}
POLICIES = {
    "max": {"Cache-Control": "max-age=600"}, "expires": {"Expires": formatdate(time() + 600, usegmt=True)},
    "changed": {"Last-Modified": formatdate(time() - YEAR, usegmt=True)}, "etag": {"ETag": '"a"'},
    "both": {"Cache-Control": "no-cache", "ETag": '"a"', "Last-Modified": formatdate(time() - YEAR, usegmt=True)},
    "none": {}, "nostore": {"Cache-Control": "no-store", "ETag": '"a"'},
    "pragma": {"Pragma": "no-cache", "Cache-Control": "max-age=600", "ETag": '"a"'},
    "past": {"Expires": formatdate(time() - 600, usegmt=True), "Last-Modified": formatdate(time() - YEAR, usegmt=True)},
    "vary": {"Vary": "Accept-Encoding", "Cache-Control": 'public, max-age="600"'},
    "old": {"Age": "700", "Cache-Control": "max-age=600", "ETag": '"a"'}, "missing": {"Cache-Control": "max-age=600"},
    "must": {"Cache-Control": "must-revalidate, max-age=600"},
    "moved": {"Location": "/max/goal.png"}, "away": {"Location": "/both/goal.png"},
    "away-max": {"Location": "/none/goal.png", "Cache-Control": "max-age=600"},
    "future": {"Last-Modified": formatdate(time() + YEAR, usegmt=True)},
}  # fmt: skip
STATUSES = {"missing": 404, "moved": 301, "away": 302, "away-max": 302}
KINDS = {
    "js": ("text/javascript", b"new Image().src = '/max/by-script.png'"), "mjs": ("text/javascript", b""),
    "css": ("text/css", b".sheet { background: url(/max/of-sheet.png) }"), "json": ("application/json", b"{}"),
    "svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><g id='a'/></svg>"),
    "html": ("text/html", b"<!doctype html><img src=/max/inner.png>"),
}  # fmt: skip


class Server(ThreadingHTTPServer):
    """Serves the pages and whatever they name, and keeps what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.log: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *_: object) -> None:
        """Nothing is said."""

    def do_GET(self) -> None:
        """A page, an asset under its policy, or 304 for whoever has it."""
        asked = [name for name in ("If-Modified-Since", "If-None-Match") if name in self.headers]
        self.server.log.append((self.path, ",".join(asked)))
        policy, _, rest = self.path.strip("/").partition("/")
        kind, body = KINDS.get(rest.partition("?")[0].rpartition(".")[2], ("image/png", PNG))
        fields, page = POLICIES.get(policy, {"Cache-Control": "max-age=600"}), PAGES.get(policy.removesuffix(".html"))
        if page is not None:
            host = self.headers["Host"]
            kind, body = "text/html; charset=utf-8", page.replace("{host}", host).replace("{name}", policy).encode()
            fields = {"Cache-Control": "no-store"}
        status = 304 if asked else STATUSES.get(policy, 200)
        self.send_response(status)
        for name, value in ({} if asked else {"Content-Type": kind, "Content-Length": str(len(body))} | fields).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"" if asked else body)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """In a thread of its own, beside the client's loop."""
    found = Server()
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()
    thread.join(10)


Visit = list[set[tuple[str, str]]]


@pytest.fixture(scope="module")
def ours(server: Server) -> Visit:
    """What a visitor asked for, page by page."""
    client, visit = Client(allow=AllowList()), []
    for name in PAGES:
        server.log.clear()
        page = client.get(f"http://127.0.0.1:{server.server_port}/{name}.html", deadline_seconds=20)
        answers = client.fetch_many(assets(page, client.allow), deadline_seconds=20)
        assert not [each for each in answers if isinstance(each, Exception)]
        visit.append(set(server.log))
    client.close()
    return visit


@pytest.fixture(scope="module")
def theirs(server: Server, ours: Visit, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """What Chromium asked for, page by page: a person who follows links."""
    browser, visit = chromium(tmp_path_factory.mktemp("chromium")), []
    try:
        for number, expected in enumerate(ours):
            server.log.clear()
            if number:
                browser.find_element(By.ID, "next").click()
            else:
                browser.get(f"http://127.0.0.1:{server.server_port}/one.html")
            wait_until_quiet(server, expected)
            visit.append(set(server.log))
    finally:
        browser.quit()
    return visit


def chromium(folder: Path) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS.split(), f"--user-data-dir={folder}"):
        options.add_argument(flag)
    return webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))


def wait_until_quiet(server: Server, expected: set[tuple[str, str]]) -> None:
    """Until all that is expected was asked for, and nothing more for two seconds; twenty seconds at most."""
    begun = quiet = monotonic()
    seen = -1
    while monotonic() < begun + 20 and (monotonic() < quiet + 2 or not set(server.log) >= expected):
        if len(server.log) != seen:
            seen, quiet = len(server.log), monotonic()
        if monotonic() > quiet + 6:
            return
        sleep(0.05)


@pytest.mark.parametrize("number", range(len(PAGES)), ids=list(PAGES))
def test_a_visitor_asks_for_what_chromium_asks_for(ours: Visit, theirs: Visit, number: int) -> None:
    """Page by page, the conditions included; what differs stands in the table."""
    ours_alone, theirs_alone = ours[number] - theirs[number], theirs[number] - ours[number]
    assert [each for each in sorted(ours_alone) if each[0].partition("?")[0] not in DIFFERS] == []
    assert [each for each in sorted(theirs_alone) if each[0].partition("?")[0] not in DIFFERS] == []


def test_every_difference_is_one(ours: Visit, theirs: Visit) -> None:
    """The table says nothing that is not so."""
    found = {path.partition("?")[0] for mine, other in zip(ours, theirs, strict=True) for path, _ in mine ^ other}
    assert DIFFERS.keys() - found == set()
