"""A whole visit to a product that polls for ten seconds, and what `doctor` says of pages that gave way."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

DRIVER = """
[signs]
signed_on = [{ css = "#membre" }]
[[page]]
service = "home"
action = "open-home"
[[page.request]]
url = "/"
[[page.request]]
url = "/sync"
background = true
extract.since = { json_path = "$.next" }
[[page]]
service = "messages"
action = "read-inbox"
[[page.request]]
url = "/lists"
extract.message = { regex = "/m/([0-9]+)", optional = true }
[[page]]
service = "messages"
action = "read-message"
request = [{ url = "/m/{message}" }]
[[page]]
service = "messages"
action = "read-sent"
personas = ["teacher"]
request = [{ url = "/empty" }]
"""


def python(*arguments):
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False, env=os.environ
    )
    assert done.returncode in (0, 2), done.stderr[-3000:]
    return done


def polls(url):
    with urllib.request.urlopen(f"{url}/stub/polls") as answer:
        return json.loads(answer.read())


def test_a_long_poll_is_neither_the_pages_time_nor_the_visitors(stub, tmp_path) -> None:
    """Three pages in about a second, each with a poll of ten: each poll is begun and cancelled, none answered."""
    url = stub("polled")
    (tmp_path / "d.toml").write_text(DRIVER, encoding="utf-8")
    script = str(Path(__file__).with_name("one_visit.py"))
    done = python(script, url, str(tmp_path / "d.toml"), "300", "300", "300")
    found = json.loads(done.stdout.splitlines()[-1])
    assert [page[:2] for page in found["pages"]] == [["sign-on", "ok"], *[["open-home", "ok"]] * 3]
    assert max(page[2] for page in found["pages"]) < 8_000_000
    assert [end for end, _ in found["visits"]] == ["completed"]
    assert found["visits"][0][1] < 9_000_000
    outcomes = [outcome for _, outcome, _ in found["requests"]]
    assert (outcomes.count("ok"), outcomes.count("cancelled")) == (4, 3)
    assert found["failures"] == []
    until = time.monotonic() + 20
    while polls(url)["begun"] < 3 and time.monotonic() < until:
        time.sleep(0.05)
    assert polls(url) == {"begun": 3, "answered": 0}


def test_doctor_ticks_only_what_it_opened(stub, tmp_path) -> None:
    """A page that needs what no page showed, or that a persona has not, gave way: said so, and neither well nor ill."""
    (tmp_path / "d.toml").write_text(DRIVER, encoding="utf-8")
    done = python("-m", "entsurge", "doctor", "--target", stub("polled"), "--driver", str(tmp_path / "d.toml"),
                  "--persona", "student", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {row["check"]: (row["ok"], row["detail"]) for row in map(json.loads, done.stdout.splitlines())}
    assert found["student open-home"][0] is True
    assert found["student read-inbox"][0] is True
    ok, said = found["student read-message"]
    assert ok is None
    assert said.startswith("gave way to read-inbox: nothing known for {message}; messages, ")
    ok, said = found["student read-sent"]
    assert ok is None
    assert said.startswith("gave way to read-inbox: no such page; ")
