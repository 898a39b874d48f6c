"""The same target over http, https with HTTP/1.1 and https with HTTP/2: what is counted is what nginx has logged."""

import json
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from entsurge.audience import profile as profiles
from entsurge.plan.people import population
from entsurge.population import write_csv
from entsurge.record.reading.run import read_run

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import servers

pytestmark = [pytest.mark.slow, pytest.mark.needs("nginx", "openssl", "taskset")]
PROXY = """
  location / {{
    proxy_pass http://%s; proxy_http_version 1.1; proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
  }}
"""
TARGET = """
name = "préproduction"
url = "{url}"
certificates = "{authority}"
http = "{http}"
driver = "skolengo"
[accounts]
file = "people.csv"
[writes]
messages = "test-accounts"
homework = "test-accounts"
[authorised]
by = "DSI"
from = 2020-01-01
until = 2999-01-01
"""


@pytest.fixture(scope="module")
def front(free_sandbox):
    """nginx with TLS by a private authority and HTTP/2 in front of the embedded ENT."""
    with servers.nginx(more=PROXY % urlsplit(free_sandbox[0]).netloc, http2=True, log=True) as served:
        yield served


def prepare(folder: Path, front: servers.Served, way: str) -> None:
    with (folder / "people.csv").open("w", encoding="utf-8") as stream:
        write_csv(population(profiles.load("lockdown-2020")), stream)
    (folder / "people.csv").chmod(0o600)
    url = front.url if way == "http" else front.secure_url
    (folder / "cible.toml").write_text(
        TARGET.format(url=url, authority=front.authority, http={"http": "auto"}.get(way, way)), encoding="utf-8"
    )


def requests(run: Path) -> Counter:
    """How many requests the record holds, by outcome; those of WebSockets apart from those of pages."""
    keys = json.loads((run / "keys.json").read_text("utf-8"))
    found: Counter = Counter()
    with pa.ipc.open_stream(run / "series.arrows") as batches:
        for row in batches.read_all().to_pylist():
            key = keys[row["key"]]
            if key["kind"] == "request":
                live = key["page"].startswith("live-")
                found[key["page"] if live else "page", key["outcome"]] += row["count"]
    return found


@pytest.mark.parametrize("way", [pytest.param("http", marks=pytest.mark.thorough), "1.1", "2"])
def test_counts_equal_the_servers_own_log(entsurge, quick_profile, front, tmp_path, way) -> None:
    """Run and clean-up over each wire: every request that nginx answered is in the record, and none besides."""
    prepare(tmp_path, front, way)
    before = len(front.log_rows(0))
    done = entsurge(
        "run", str(quick_profile), "--target", "cible.toml", "--out", "run", "--quiet", "--exporter-port", "0",
        "--scale", "1/160",
    )  # fmt: skip
    assert done.returncode in (0, 3, 4), done.stderr
    rows = front.log_rows(10**9, 1)[before:]
    sockets = [row for row in rows if row.status == "101"]
    pages = [row for row in rows if row.status != "101" and row.target not in ("/", "/metrics")]
    assert {row.protocol for row in pages} == {"HTTP/2.0" if way == "2" else "HTTP/1.1"}
    counted = requests(tmp_path / "run")
    assert counted["page", "ok"] == sum(row.status < "400" for row in pages) > 100
    assert counted["page", "failed"] == sum(row.status >= "400" for row in pages)
    assert counted["live-connect", "ok"] == len(sockets)
    connects = (times.total for of, times in read_run(tmp_path / "run").tally.each(kind="transport")
                if of.page.startswith("connect "))  # fmt: skip
    assert sum(connects) == len({row.connection for row in (*pages, *sockets)})
    if way == "2":  # one connection for each visit's pages, and one for each of its sockets
        visits = json.loads((tmp_path / "run" / "finish.json").read_text("utf-8"))["started"]
        assert len({row.connection for row in pages}) <= visits + 1
    made = len((tmp_path / "run" / "created.jsonl").read_text("utf-8").splitlines())
    cleaned = entsurge("cleanup", "run", "--target", "cible.toml", "--yes")
    assert cleaned.returncode == 0, cleaned.stderr
    after = front.log_rows(10**9, 1)[before + len(rows) :]
    assert sum(row.status == "204" for row in after) == made > 0
