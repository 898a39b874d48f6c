"""What the sandbox does while its PostgreSQL is stuck, breaks off or is gone."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from entsurge.population import Population

PEOPLE = Population(1)
PERSON = PEOPLE.person("student", 0)
ROOT = f"/etab/{PERSON.uai}"


@pytest.fixture(scope="module")
def database(postgres):
    """The address of the sandbox's database."""
    return postgres.new_database("trouble")


@pytest.fixture(scope="module")
def ent(database, running_module):
    """A sandbox on PostgreSQL, with pages that take no time."""
    return running_module("--database", database, "--service-seconds", "0", "--password-cost", "1", "--pool", "4")


@pytest.fixture
def client(ent):
    """A pupil, signed on."""
    with ent.client() as browser:
        ent.sign_on(browser, PERSON)
        yield browser


def gauge(ent, name):
    lines = httpx.get(f"{ent.url}/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).rsplit(" ", 1)[1])


def until(condition):
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_stuck_table_holds_up_its_own_pages_alone(ent, client, database):
    """While a lock is held the lesson book waits, other pages and static files do not; then it answers."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE entsandbox.lesson IN ACCESS EXCLUSIVE MODE")
        waiting = pool.submit(client.get, f"{ROOT}/cahier-de-textes")
        until(lambda: gauge(ent, "entsandbox_database_busy") >= 1)
        assert client.get("/static/logo.svg").status_code == 200
        assert client.get(f"{ROOT}/notes").status_code == 200
        assert not waiting.done()
        holder.rollback()
        assert waiting.result().status_code == 200


def test_a_pool_that_is_used_up_is_seen(ent, client, database):
    """With every connection stuck the next page waits for one, and the gauge says so."""
    with ThreadPoolExecutor(6) as pool, psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE entsandbox.lesson IN ACCESS EXCLUSIVE MODE")
        waiting = [pool.submit(client.get, f"{ROOT}/cahier-de-textes") for _ in range(6)]
        until(lambda: gauge(ent, "entsandbox_database_waiting") >= 2)
        assert gauge(ent, "entsandbox_database_busy") == 4
        holder.rollback()
        assert {page.result().status_code for page in waiting} == {200}


def test_connections_that_break_off_are_made_anew(ent, client, database):
    """After every session was ended on the server, pages are served again without a restart."""
    with psycopg.connect(database, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert client.get(f"{ROOT}/travail").status_code == 200
    assert ent.process.poll() is None


@pytest.mark.slow
def test_without_a_database_pages_are_refused_and_counted(start, own_cluster):
    """The database stopped: pages are 503 and counted as failed, what needs none is served, nothing crashes."""
    with own_cluster() as cluster:
        ent = start("--database", cluster.new_database("gone"), "--service-seconds", "0", "--password-cost", "1")
        with ent.client() as client:
            ent.sign_on(client, PERSON)
            cluster.stop()
            answer = client.get(f"{ROOT}/travail")
            assert (answer.status_code, "Service indisponible" in answer.text) == (503, True)
            assert client.get("/cas/login").status_code == 503
            assert client.get("/static/logo.svg").status_code == 200
            assert client.get("/healthz").status_code == 200
            until(lambda: 'outcome="failed"' in client.get("/metrics").text)
        assert ent.process.poll() is None
