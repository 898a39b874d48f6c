"""What browsers forgive, we forgive: each row of docs/method.md, as a visitor takes it and as Chromium does."""

from __future__ import annotations

import json
import re
import socket
import threading
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from tests.client.rows import FRENCH, ROWS, Row, page, table

from entsurge import selectors
from entsurge.client.failure import ClientError
from entsurge.client.message import AnswerParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.client.client import Client

CASES = Path(__file__).with_name("cases")
METHOD = Path(__file__).resolve().parents[2] / "docs" / "method.md"
BY_NAME = {row.name: row for row in ROWS}


class Server(threading.Thread):
    """Answers every request, on a connection of its own, with a row's bytes; in threads: a browser is to ask, too."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listening.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                sock, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock: socket.socket) -> None:
        sock.settimeout(10)
        with sock:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    piece = sock.recv(65536)
                    if not piece:
                        return
                    head += piece
                sock.sendall(self.answer(head))
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            except OSError:
                return

    def answer(self, head: bytes) -> bytes:
        path = head.split(b" ")[1]
        if path.startswith(b"/at/"):
            return page(body=path.replace(b"<", b"&lt;"))
        if path == b"/echo":
            sent = re.search(rb"\r\nCookie: ([^\r]*)", head)
            return page(body=sent[1] if sent else b"(none)", kind=b"text/plain; charset=utf-8")
        row = BY_NAME.get(path[1:].decode())
        return row.sends.replace(b"PORT", b"%d" % self.port) if row else page(body=b"logout", status=b"200 OK")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    made.start()
    yield made
    made.listening.close()


def pages(row: Row, server: Server) -> list[str]:
    return [f"http://{row.host}:{server.port}/{path}" for path in (row.name, row.then) if path]


def seen_by(client: Client, urls: list[str]) -> str:
    """What a visitor finds on the last of these pages, as text; or why it finds nothing."""
    try:
        for url in urls:
            answer = client.get(url, deadline_seconds=20)
            tree = selectors.document(answer)
    except ClientError as error:
        return f"!{error.reason}"
    return "" if tree is None else " ".join(tree.text_content().split())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_visitor_takes_it(row: Row, server: Server, client: Client) -> None:
    """The table's column of ours is what happens, from the wire to the page's words."""
    assert seen_by(client, pages(row, server)) == row.ours


@pytest.mark.parametrize("row", [row for row in ROWS if not row.then], ids=lambda row: row.name)
def test_it_is_the_same_however_it_is_cut(row: Row) -> None:
    """What is forgiven does not depend on the packets in which it comes."""
    found = []
    for step in (len(row.sends) or 1, 1, 7):
        answer = AnswerParser()
        answer.begin("GET")
        try:
            whole = any(answer.feed(row.sends[at : at + step]) for at in range(0, len(row.sends), step))
            if not whole:
                answer.end()
        except ClientError as error:
            found.append(error.reason)
        else:
            found.append((answer.status, answer.fields, b"".join(answer.parts)))
    assert found[1:] == found[:1] * 2


def test_the_table_is_the_rows() -> None:
    """docs/method.md says of each row what is tested here; `table()` writes it."""
    assert table() in METHOD.read_text(encoding="utf-8")


def test_where_we_differ_the_row_says_why() -> None:
    """A refusal on one side, or another text, has its reason; no other row has one."""
    differs = {row.name for row in ROWS if row.chromium.startswith("!") != row.ours.startswith("!")
               or (not row.ours.startswith("!") and row.chromium != row.ours)}  # fmt: skip
    assert {row.name for row in ROWS if row.why} == differs
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("name", ["odd", "meta"])
def test_every_case_has_its_row(name: str, server: Server, client: Client) -> None:
    """Each page of the cases is a row; its words are found exactly where a browser that is content shows them."""
    case = tomllib.loads((CASES / f"{name}.toml").read_text(encoding="utf-8"))
    for each in case["page"]:
        row = BY_NAME[each["request"][0]["url"].removeprefix("/")]
        for sign in each["request"][0].get("wants", []):
            words = sign.get("text") or sign.get("regex") or ""
            if words in ("bienvenue", FRENCH):
                assert (words in seen_by(client, pages(row, server)[:1])) == (words in row.ours or bool(row.then)), row


# -- the same rows in Chromium -----------------------------------------------------------------------------------------

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Debian's Chromium with its own log of requests."""
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    driver.set_page_load_timeout(20)
    driver.execute_cdp_cmd("Network.enable", {})
    try:
        yield driver
    finally:
        driver.quit()


def shown_by(browser: webdriver.Chrome, urls: list[str]) -> str:
    """What Chromium shows of the last of these pages, as text; or the error that it has for it."""
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.get_log("performance")
    for url in urls:
        try:
            browser.get(url)
        except WebDriverException as error:
            return f"!{error.msg}"
    for line in browser.get_log("performance"):
        message = json.loads(line["message"])["message"]
        if message["method"] == "Network.loadingFailed":
            return "!" + message["params"]["errorText"].removeprefix("net::")
    return " ".join((browser.execute_script("return document.documentElement.innerText") or "").split())


@pytest.mark.slow
@pytest.mark.needs("chromium", "chromedriver")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_chromium_takes_it(row: Row, server: Server, browser: webdriver.Chrome) -> None:
    """The table's column of Chromium is what the installed one does."""
    assert shown_by(browser, pages(row, server)) == row.chromium
