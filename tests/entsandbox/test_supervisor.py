"""Several processes that serve one sandbox from one PostgreSQL."""

import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from entsurge.population import Population

PEOPLE = Population(1)


@pytest.fixture(scope="module")
def crew(postgres, running_module):
    """Two processes; a changed session limit is re-read at once."""
    url = postgres.new_database("crew")
    return running_module(
        "--database", url, "--processes", "2", "--service-seconds", "0", "--reread-seconds", "0.1",
        "--password-cost", "1",
    )  # fmt: skip


def members(crew):
    """The serving processes."""
    pid = crew.process.pid
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(condition, seconds=20):
    """Wait for something to be so."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.05)


def each_connection(crew, client, path, times=12):
    """Ask over so many new connections, which the kernel spreads over the processes."""
    for _ in range(times):
        with httpx.Client(base_url=crew.url, cookies=client.cookies) as other:
            yield other.get(path)


def test_a_session_is_good_in_every_process(crew):
    """Whoever signs on through one process is signed on in all; sign-out ends it in all, in two seconds at most."""
    person = PEOPLE.person("student", 0)
    path = f"/etab/{person.uai}/travail"
    with crew.client() as client:
        home = crew.sign_on(client, person)
        assert crew.hidden(home.text, "ent-persona") == "student"
        assert {answer.status_code for answer in each_connection(crew, client, path)} == {200}
        jar = httpx.Cookies(client.cookies)
        client.get("/cas/logout")
        client.cookies = jar
        until(lambda: {answer.status_code for answer in each_connection(crew, client, path)} == {302})


def test_what_one_process_writes_the_others_show(crew):
    """A lesson written through one connection is read through every other, with its document."""
    teacher, name = PEOPLE.person("teacher", 0), PEOPLE.person("teacher", 0).classes[0]
    with crew.client() as client:
        home = crew.sign_on(client, teacher)
        fields = {"classe": name, "titre": "Partagée", "csrf": crew.hidden(home.text, "csrf-token")}
        answer = client.post(
            f"/etab/{teacher.uai}/cahier-de-textes", data=fields, files={"fichier": ("a.txt", b"document")}
        )
        where = answer.headers["content-location"]
        pages = list(each_connection(crew, client, where))
        assert all("Partagée" in page.text for page in pages)
        link = next(part.split('"')[0] for part in pages[0].text.split('href="') if "/pieces/" in part.split('"')[0])
        assert {page.text for page in each_connection(crew, client, link)} == {"document"}


@pytest.mark.slow
def test_measures_and_limits_reach_every_process(crew):
    """A measure is in force everywhere within a second; so is a new session limit."""
    with crew.client() as client:
        crew.measure("news-closed")
        until(lambda: all("fermée" in page.text for page in each_connection(crew, client, "/academie/lyon/")))
        crew.measure("news-closed", on=False)
        until(lambda: all("fermée" not in page.text for page in each_connection(crew, client, "/academie/lyon/")))
        bearer = {"authorization": f"Bearer {crew.admin_token}"}
        crew.sign_on(client, PEOPLE.person("student", 1))
        with crew.client() as stranger:
            httpx.put(f"{crew.url}/admin/session-limit", json={"limit": 1}, headers=bearer)
            until(lambda: all("nombreux" in page.text for page in each_connection(crew, stranger, "/cas/login")))
            httpx.put(f"{crew.url}/admin/session-limit", json={"limit": 1000}, headers=bearer)
            until(lambda: all("execution" in page.text for page in each_connection(crew, stranger, "/cas/login")))


def test_metrics_speak_for_all(crew):
    """Any process tells the counts of all, and twice the workers of one."""
    with crew.client() as client:
        crew.sign_on(client, PEOPLE.person("staff", 0))
        name = 'entsandbox_requests_total{outcome="ok",persona="staff",route="absences"}'
        for _ in each_connection(crew, client, f"/etab/{PEOPLE.person('staff', 0).uai}/absences", times=20):
            pass
        for page in each_connection(crew, client, "/metrics", times=4):
            lines = dict(line.rsplit(" ", 1) for line in page.text.splitlines() if not line.startswith("#"))
            assert float(lines[name]) == 20
            assert float(lines["entsandbox_workers"]) == 24


@pytest.mark.slow
def test_a_process_that_dies_is_started_again(crew):
    """The others go on serving, and soon there are two again; those signed on stay so."""
    person = PEOPLE.person("student", 2)
    with crew.client() as client:
        crew.sign_on(client, person)
        before = members(crew)
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(members(crew)) == 2 and before[0] not in members(crew))

        def answered():
            try:
                return all(
                    page.status_code == 200 for page in each_connection(crew, client, f"/etab/{person.uai}/travail")
                )
            except httpx.TransportError:
                return False

        until(answered)


def test_processes_without_postgresql_are_refused(refused):
    """SQLite is one process's."""
    assert "name a PostgreSQL" in refused("--processes", "2")
