"""The sandbox's limits as apps meet them, in one process and in several."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.entsandbox.mobile.conftest import error


def test_an_account_that_asks_too_often_waits(start, phone) -> None:
    """429 with Retry-After for pages of that account; light questions and other accounts go on."""
    strict = start("--service-seconds", "0", "--pages-per-minute", "6", "--burst", "4")
    hasty, other = phone(strict, index=1).sign_on(), phone(strict, index=2).sign_on()
    answers = [hasty.ask("/schools-info") for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 0 < len(refused) < len(answers)
    assert error(refused[0])[1] == "TOO_MANY_REQUESTS"
    assert 1 <= int(refused[0].headers["retry-after"]) <= 10
    assert hasty.ask("/absence-reasons").status_code == 200
    assert other.ask("/schools-info").status_code == 200


def test_messaging_may_be_read_only(measured, phone) -> None:
    """What was written can be read, nothing more can be."""
    caller = phone(measured).sign_on()
    measured.measure("messaging-read-only")
    letter = caller.read("/communications", **{"filter__folders.id": "inbox"})["data"][0]
    relation = {"communication": {"data": {"type": "communication", "id": letter["id"]}}}
    body = {"data": {"type": "participation", "attributes": {"content": "Bien."}, "relationships": relation}}
    assert error(caller.ask("/participations", "POST", body))[:2] == (503, "SERVICE_CLOSED")


@pytest.mark.slow
def test_a_full_queue_refuses_apps_too(start, phone) -> None:
    """With one worker at work and no queue, the next page is refused, and so is an app that would come back."""
    tiny = start(
        "--service-seconds",
        "0",
        "--service",
        "news=1.0",
        "--service",
        "sign-on=0",
        "--workers",
        "1",
        "--queue-limit",
        "0",
    )
    first, second = phone(tiny, index=1).sign_on(), phone(tiny, index=2).sign_on()
    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(first.ask, "/schools-info")
        answers = []
        while not slow.done():
            answers.append(second.ask("/schools-info").status_code)
        answers.append(slow.result().status_code)
    assert {200, 503} == set(answers)


@pytest.mark.slow
def test_the_computed_capacity_holds_for_apps(start, phone) -> None:
    """Two workers and a tenth of a second a page: twenty agendas a second, whatever light questions come between."""
    small = start("--service-seconds", "0", "--service", "lesson-book=0.1", "--workers", "2", "--pool", "2")
    callers = [phone(small, index=n).sign_on() for n in range(8)]

    def read(caller):
        mine = {"filter__student.id": caller.id}
        answers = [caller.ask("/agendas", **mine) for _ in range(5)]
        return [*answers, caller.ask("/evaluations-settings", **mine)]

    began = time.monotonic()
    with ThreadPoolExecutor(len(callers)) as threads:
        answers = [answer for some in threads.map(read, callers) for answer in some]
    took = time.monotonic() - began
    assert {answer.status_code for answer in answers} == {200}
    assert 2.0 <= took < 4.0  # forty agendas; the rest is this machine's own lag


@pytest.mark.slow
def test_processes_that_share_a_database_know_each_others_tokens(start, phone, postgres) -> None:
    """A code, a token, a renewal and a revocation are good wherever the connection lands; one key signs for all."""
    url = postgres.new_database("mobile")
    shared = start("--service-seconds", "0", "--database", url, "--processes", "2")
    caller = phone(shared)
    caller.client.headers["connection"] = "close"  # a new connection, and perhaps the other process, each time
    keys = {caller.client.get("/cas/oidc/jwks").text for _ in range(10)}
    assert len(keys) == 1
    for _ in range(3):
        caller.sign_on()
        assert {caller.ask("/schools-info").status_code for _ in range(8)} == {200}
        caller.tokens = caller.refresh().json()
        assert {caller.ask("/schools-info").status_code for _ in range(8)} == {200}
    caller.client.post("/cas/oidc/revoke", data={"token": caller.tokens["refresh_token"], "client_id": "an-app"})
    assert {caller.ask("/schools-info").status_code for _ in range(8)} == {401}
