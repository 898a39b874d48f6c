"""How the sandbox says no: by hanging up, by 429, by its waiting room; and what its times are drawn from."""

import asyncio
import random
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from entsandbox import Settings, capacity
from entsandbox.load.workers import Overtaken, QueueFull, Resources, Servers
from entsandbox.service_time_distribution import factor, fault
from entsurge.population import Population

PEOPLE = Population(1)


def test_a_full_queue_hangs_up(start):
    """With `close`, what exceeds workers and queue gets no answer at all; the others get theirs."""
    slow = start("--workers", "1", "--queue-limit", "2", "--service", "home=0.5", "--refusal", "close")
    person = PEOPLE.person("student", 0)

    def ask(cookies):
        with httpx.Client(base_url=slow.url, cookies=cookies, timeout=30) as client:
            try:
                return client.get(f"/etab/{person.uai}/accueil").status_code
            except httpx.RemoteProtocolError:
                return "closed"

    with slow.client() as client, ThreadPoolExecutor(8) as pool:
        slow.sign_on(client, person)
        answers = list(pool.map(ask, [client.cookies] * 8))
    assert sorted(map(str, answers)) == ["200"] * 3 + ["closed"] * 5
    text = httpx.get(f"{slow.url}/metrics").text
    assert 'entsandbox_requests_total{outcome="refused",persona="student",route="home"} 5.0' in text


def test_an_account_is_held_to_its_allowance(start):
    """The burst is served, then 429 says when to come back; another account is not concerned."""
    held = start("--service-seconds", "0", "--pages-per-minute", "6", "--burst", "4", "--password-cost", "1")
    person, other = PEOPLE.person("student", 0), PEOPLE.person("student", 1)
    with held.client() as client, held.client() as second:
        held.sign_on(client, person)  # the form sent, and the home page
        path = f"/etab/{person.uai}/travail"
        answers = [client.get(path) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 10
        assert client.get(f"/etab/{person.uai}/api/notifications").status_code == 200
        assert held.sign_on(second, other).status_code == 200
        assert 'outcome="limited",persona="student",route="homework"} 2.0' in client.get("/metrics").text


def test_the_session_limit_is_re_read_while_running(start):
    """A limit changed by the administration is in force once it has been re-read; nonsense is refused."""
    ent = start("--service-seconds", "0", "--reread-seconds", "0.2", "--password-cost", "1")
    where, bearer = f"{ent.url}/admin/session-limit", {"authorization": f"Bearer {ent.admin_token}"}
    assert httpx.get(where).status_code == 401
    assert httpx.put(where, json={"limit": 1}).status_code == 401
    for nonsense in ({"limit": 0}, {"limit": 1.5}, {"limit": True}, {"limits": 1}, []):
        assert httpx.put(where, json=nonsense, headers=bearer).status_code == 400
    assert httpx.get(where, headers=bearer).json() == {"limit_now": 10_000, "reread_seconds": 0.2}
    with ent.client() as client, ent.client() as stranger:
        ent.sign_on(client, PEOPLE.person("student", 0))
        httpx.put(where, json={"limit": 1}, headers=bearer)
        until = time.monotonic() + 10
        while "très nombreux" not in stranger.get("/cas/login").text:
            assert time.monotonic() < until
        assert client.get(f"/etab/{PEOPLE.school(0).uai}/accueil").status_code == 200
        assert "entsandbox_session_limit 1.0" in client.get("/metrics").text


@pytest.mark.parametrize("spread", ["constant", "exponential", "gamma:2", "lognormal:0.8"])
def test_page_times_keep_their_mean(spread):
    """Whatever the distribution, its mean is 1 (within four standard errors) and it is not negative."""
    assert fault(spread) is None
    chance = random.Random(7)
    drawn = [factor(spread, chance) for _ in range(40_000)]
    error = statistics.stdev(drawn) / 200
    assert abs(statistics.fmean(drawn) - 1) <= 4 * error
    assert min(drawn) > 0
    known = {"constant": 0, "exponential": 1, "gamma:2": 0.5**0.5, "lognormal:0.8": (2.718281828**0.64 - 1) ** 0.5}
    assert statistics.stdev(drawn) == pytest.approx(known[spread], rel=0.05)


@pytest.mark.parametrize(
    "spread", ["", "gamma", "gamma:0", "gamma:-1", "gamma:x", "lognormal:nan", "uniform", "constant:1"]
)
def test_unknown_distributions_are_named(spread):
    """A distribution that is not one is refused with what was expected."""
    assert "expected constant, exponential" in fault(spread)


@pytest.mark.parametrize("spread", ["constant", "exponential"])
def test_the_capacity_is_what_is_computed(spread):
    """A hundred pages on two workers of 10 ms take as long as computed, whatever the distribution of times."""
    settings = Settings(workers=2, default_seconds=0.01, spread=spread, pool=2)

    async def page(resources):
        async with resources.page("home"):
            pass

    async def scene():
        resources, loop = Resources(settings), asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(page(resources) for _ in range(100)))
        return loop.time() - began

    chance = random.Random(settings.seed)
    work = sum(0.01 * factor(spread, chance) for _ in range(100))
    took = asyncio.run(scene())
    assert work / 2 <= took + 1e-6
    assert took < work / 2 + 0.25  # the last ones end unevenly, and the loop is late


def test_those_in_a_hurry_pass_first():
    """They go before all who are not; in a full queue they take the last one's place; among them it is in turn."""

    async def scene():
        servers = Servers(1, queue_limit=2)
        await servers.take(0.0)
        turns = {name: asyncio.create_task(servers.take(0.0, hurried=name.isupper())) for name in "ab"}
        await asyncio.sleep(0)
        turns["C"] = asyncio.create_task(servers.take(0.0, hurried=True))
        await asyncio.sleep(0)
        with pytest.raises(Overtaken):
            await turns["b"]
        with pytest.raises(QueueFull):
            await servers.take(0.0)
        turns["D"] = asyncio.create_task(servers.take(0.0, hurried=True))
        await asyncio.sleep(0)
        with pytest.raises(Overtaken):
            await turns["a"]
        with pytest.raises(QueueFull):
            await servers.take(0.0, hurried=True)
        servers.release(1.0)
        assert await turns["C"] == 1.0
        servers.release(2.0)
        assert await turns["D"] == 2.0
        servers.release(3.0)
        assert (servers.busy, servers.queue) == (0, 0)

    asyncio.run(scene())


def test_impossible_settings_are_named_together(refused):
    """Each one is in the message."""
    said = refused("--spread", "flat", "--refusal", "shrug", "--pages-per-minute", "0", "--password-cost", "0")
    for part in ("spread is 'flat'", "refusal is 'shrug'", "pages_per_minute is 0", "password_cost is 0"):
        assert part in said
    assert "no such database" in refused("--database", "mysql://x")
    assert "connection" in refused("--database", "postgresql://nobody@127.0.0.1:1/x")


@pytest.mark.slow
@pytest.mark.parametrize("limit", [("--workers", "4", "--pool", "10"), ("--workers", "40", "--pool", "1")])
def test_a_sandbox_serves_what_it_declares(start, limit):
    """Kept busy over HTTP for five seconds, it serves as many pages as computed, to 8 %: pages vary by a fifth."""
    slow = start(*limit, "--service", "home=0.02", "--service", "homework=0.06", "--spread", "gamma:25",
                 "--password-cost", "1")  # fmt: skip
    settings = Settings(workers=int(limit[1]), pool=int(limit[3]), service_seconds={"home": 0.02, "homework": 0.06})
    pages = 1_000_000  # so many that sign-on does not count
    takes = capacity(settings, {"student": {"home": 1, "homework": 1}}, {"student": 1}, pages)
    person, over = PEOPLE.person("student", 0), time.monotonic() + 9

    def served():
        lines = httpx.get(f"{slow.url}/metrics").text.splitlines()
        start = "entsandbox_page_seconds_count"
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(start) and "sign-on" not in line)

    def keep_busy(cookies):
        with httpx.Client(base_url=slow.url, cookies=cookies, timeout=30) as client:
            while time.monotonic() < over:
                for path in ("accueil", "travail"):
                    client.get(f"/etab/{person.uai}/{path}")

    with slow.client() as client, ThreadPoolExecutor(32) as pool:
        slow.sign_on(client, person)
        busy = [pool.submit(keep_busy, client.cookies) for _ in range(32)]
        until = time.monotonic() + 2
        while time.monotonic() < until:
            time.sleep(0.1)
        first, began = served(), time.monotonic()
        while time.monotonic() < began + 5:
            time.sleep(0.1)
        rate = (served() - first) / (time.monotonic() - began)
        for each in busy:
            each.result()
    assert rate == pytest.approx(takes.pages_per_second, rel=0.08)
