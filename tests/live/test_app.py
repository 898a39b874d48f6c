"""The live page's addresses: what is answered to whom, and how the page is dressed."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.live.runs import Growing

from entsurge.live import stopping
from entsurge.live.admission import LOOPBACK_NAMES, Admission
from entsurge.live.app import application
from entsurge.live.look import Look
from entsurge.live.viewers import Viewers

PATHS = ("/", "/live.js", "/report.css", "/events", "/report/fr", "/stop", "/end", "/nowhere")
TOKEN = "a token of the operator's"


class Browser:
    """Asks the application as a browser does: with the cookies it was given, without following redirects."""

    def __init__(self, run: Growing, admission: Admission, base: str) -> None:
        look = Look(run.path)
        look.snapshot()
        self.app, self.base = application(look, Viewers(), admission), base
        self.cookies = httpx.Cookies()

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
                answer = await client.request(method, path, **given)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)


@pytest.fixture
def here(run: Growing) -> tuple[Browser, Admission]:
    """The page on loopback."""
    admission = Admission(LOOPBACK_NAMES, 9647)
    return Browser(run, admission, "http://127.0.0.1:9647"), admission


@pytest.fixture
def away(run: Growing) -> Browser:
    """The page elsewhere, which takes a token."""
    admission = Admission(("crisis.example.org",), 9647, tls=True, operators=TOKEN)
    return Browser(run, admission, "https://crisis.example.org:9647")


def pressed(admission: Admission, **more: str) -> dict[str, str]:
    return {"origin": "http://127.0.0.1:9647", "x-entsurge-token": admission.button} | more


def test_the_page_holds_no_script_or_style_of_its_own(here) -> None:
    """A strict policy, and nothing in the page that it would stop: no inline script, style or handler."""
    page = here[0].get("/", headers={"accept-language": "fr"})
    assert page.status_code == 200
    assert "script-src 'self'; style-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    scripts = re.findall(r"<script([^>]*)>", page.text)
    assert scripts == [' type="application/json" id="words"', ' src="/live.js" defer']
    assert not re.search(r"<style| style=| on\w+=|(src|href)=.(https?:)?//", page.text)


def test_what_a_profile_is_called_is_text(here) -> None:
    """A title with markup ends no script and makes no element."""
    page = here[0].get("/").text
    assert "<b>x" not in page
    assert page.count("</script>") == 2


@pytest.mark.parametrize(
    ("asked", "accepts", "language"),
    [
        ("", "fr-FR,fr;q=0.9,en;q=0.8", "fr"), ("", "en-GB,fr;q=0.9", "en"), ("", "de,fr;q=0.1,en;q=0.05", "fr"),
        ("", "", "en"), ("", "de", "en"), ("en", "fr", "en"), ("fr", "en", "fr"), ("xx", "fr", "fr"),
        ("", "fr;q=x,,;q=1,en;q=0", "en"),
    ],
)  # fmt: skip
def test_the_language_is_what_is_chosen_or_preferred(here, asked: str, accepts: str, language: str) -> None:
    """The switch on the page goes before the browser's wish, and English where neither says anything."""
    page = here[0].get("/", params={"lang": asked}, headers={"accept-language": accepts}).text
    assert f'<html lang="{language}">' in page


@pytest.mark.parametrize("path", PATHS)
def test_another_host_is_told_nothing(here, path: str) -> None:
    """A name made to resolve to this machine gets neither the page nor its buttons."""
    for method in ("GET", "POST"):
        found = here[0].request(method, path, headers={"host": "evil.example:9647"} | pressed(here[1]))
        assert (found.status_code, found.text) == (421, "421\n")


@pytest.mark.parametrize("path", ["/stop", "/stop/static-home", "/end"])
@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": "http://127.0.0.1:9647"}, {"x-entsurge-token": ""}, {"origin": "http://evil.example"},
        {"origin": "null"},
    ],
)  # fmt: skip
def test_a_button_of_another_page_does_nothing(here, monkeypatch, path: str, headers: dict[str, str]) -> None:
    """Without the page's token and its origin nothing is stopped."""
    monkeypatch.setattr(stopping, "end_run", lambda run: pytest.fail("ended"))
    monkeypatch.setattr(stopping, "stop", lambda run, names: pytest.fail("stopped"))
    given = (
        headers if headers == {} or "x-entsurge-token" in headers else {"x-entsurge-token": here[1].button} | headers
    )
    if headers == {"origin": "http://127.0.0.1:9647"}:
        given = headers
    assert here[0].post(path, headers=given).status_code == 403


def test_a_button_stops_what_it_names(here, monkeypatch, capsys) -> None:
    """One, all, the run; a name that the run does not have reaches no command. The terminal is told."""
    asked = []

    async def stop(run: Path, names: list[str]) -> stopping.Done:
        asked.append(names)
        return stopping.Done(ok=True, said="")

    monkeypatch.setattr(stopping, "stop", stop)
    browser, admission = here
    assert browser.post("/stop/static-home", headers=pressed(admission)).json() == {"ok": True, "said": ""}
    assert browser.post("/stop", headers=pressed(admission)).status_code == 200
    assert browser.post("/stop/--all", headers=pressed(admission)).status_code == 404
    assert asked == [["static-home"], []]
    told = browser.post("/end", headers=pressed(admission))
    assert (told.status_code, told.json()["ok"]) == (409, False)  # nobody writes this run
    assert [line.removeprefix("entsurge: live page: ") for line in capsys.readouterr().err.splitlines()] == [
        "static-home is ended by its button", "everything in force is ended by its button",
        "the run is ended by its button",
    ]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_every_path_says_the_same(away: Browser, path: str) -> None:
    """401, a field for the token, and no hint of what there is or how the run goes."""
    first = away.get("/").text
    for given in ({}, {"authorization": "Bearer wrong"}):
        for method in ("GET", "POST"):
            found = away.request(method, path, headers=given)
            assert (found.status_code, found.text) == (401, first)
    assert not re.search("trial|entsurge|run|tir", re.sub(r"<[^>]*>", "", first), re.IGNORECASE)


def test_the_right_token_opens_the_page(away: Browser) -> None:
    """Typed into the field it becomes a cookie, which the page takes; a wrong one, or one from elsewhere, does not."""
    ours = {"origin": "https://crisis.example.org:9647"}
    assert away.post("/token", data={"token": "wrong"}, headers=ours).status_code == 401
    assert away.post("/token", data={"token": TOKEN}, headers={"origin": "https://evil.example"}).status_code == 403
    assert away.post("/token", content=b"token=" + b"x" * 10_000, headers=ours).status_code == 401
    opened = away.post("/token", data={"token": TOKEN}, headers=ours)
    assert (opened.status_code, opened.headers["location"]) == (303, "/")
    assert TOKEN not in opened.headers["set-cookie"]
    assert away.get("/").status_code == 200


def test_the_report_is_given_out_once_it_is_there(here, run: Growing) -> None:
    """As a file to keep, in its languages alone."""
    assert here[0].get("/report/fr").status_code == 404
    (run.path / "report.fr.html").write_text("<p>report", encoding="utf-8")
    found = here[0].get("/report/fr")
    assert (found.text, found.headers["content-disposition"]) == ("<p>report", 'attachment; filename="report.fr.html"')
    assert here[0].get("/report/xx").status_code == 404
