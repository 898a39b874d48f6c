"""What browsers forgive, we forgive: each row of docs/method.md, as a visitor takes it and as Chromium does."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from tests.client.rows import ROWS, WORD, Row, page, table

from entsurge import selectors
from entsurge.client.failure import ClientError
from entsurge.client.message import AnswerParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from entsurge.client.client import Client

CASES = Path(__file__).with_name("cases")
METHOD = Path(__file__).resolve().parents[2] / "docs" / "method.md"
BY_NAME = {row.name: row for row in ROWS}
SERVED = {  # pages that tell of the cookies they were asked for with
    "echo": lambda sent: sent,
    "seccheck": lambda sent: b"SECOK" if b"x=1" in sent else sent,
    "ckback": lambda sent: b"RAWUTF8" if "x=été à".encode() in sent else sent,
}


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
        name = path[1:].decode()
        if name.startswith("at/"):
            return page(body=path + b" " + WORD)
        if name in SERVED:
            found = re.search(rb"\r\nCookie: ([^\r]*)", head)
            return page(body=SERVED[name](found[1] if found else b"(none)"), kind=b"text/plain; charset=utf-8")
        row = BY_NAME.get(name)
        return row.sends.replace(b"PORT", b"%d" % self.port) if row else page(body=b"logout")


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


# pages of the cases that a browser would not show as asked for, and the status that their file does not expect
FAILS = {
    "open-gztrunc": "protocol", "open-gzempty": "", "open-cedup": "protocol", "open-csnul": "protocol",
    "open-locbad": "protocol", "open-locport": "protocol", "open-locjs": "protocol", "open-locempty": "302",
    "open-locnone": "302", "open-hdrnul": "protocol", "open-status299": "299", "open-status999": "999",
}  # fmt: skip
DRIVE = """
import locust, json, sys
from entsurge.engine import probe
from entsurge.engine.target_access import TargetAccess
from entsurge.targets.accounts import AccountBook, Person
url, driver = sys.argv[1:]
context = probe.run_context(TargetAccess(url=url, driver=driver),
                      AccountBook([Person("student", "alix", "juste", "S", "S", "all")]))
with probe.probing(context, "student", "all", 0) as visitor:
    seen = {"sign-on": visitor.signs_on()}
    for action in context.driver.actions:
        seen[action] = visitor.opens(action)
print(json.dumps([{name: [str(each.outcome), each.reason] for name, each in seen.items()}, context.record.forgiven]))
"""


@pytest.mark.parametrize("name", ["odd", "meta"])
def test_the_cases_by_their_drivers(name: str, server: Server) -> None:
    """A visit by the driver of the case: each page is as a browser has it, what fails says why, what passes is said."""
    command = [sys.executable, "-c", DRIVE, f"http://127.0.0.1:{server.port}", str(CASES / f"{name}.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    seen, forgiven = json.loads(done.stdout.splitlines()[-1])
    assert bool(forgiven) == (name == "odd")
    assert "" not in forgiven
    failed = {action: reason for action, (outcome, reason) in seen.items() if outcome != "ok"}
    assert failed.keys() == (FAILS.keys() if name == "odd" else set()), failed
    assert {action for action, reason in failed.items() if FAILS[action] not in reason} == set()
    assert len(seen) > 3


def test_every_case_has_its_row() -> None:
    """A page of a case without a row would be tested by nothing but that it is there."""
    for path in CASES.glob("*.toml"):
        pages_of = tomllib.loads(path.read_text(encoding="utf-8"))["page"]
        asked = {each["request"][0]["url"].removeprefix("/") for each in pages_of}
        assert asked - BY_NAME.keys() <= set(SERVED), path


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
