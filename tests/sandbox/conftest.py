"""Real sandboxes in processes of their own, and people who sign on to them."""

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from entsurge.population import Population

POPULATION = Population(1)


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    url: str
    admin_token: str
    process: subprocess.Popen

    @property
    def bearer(self):
        """The header that the administration asks for."""
        return {"authorization": f"Bearer {self.admin_token}"}

    def client(self):
        """A browser with a cookie jar of its own, which does not follow redirects by itself."""
        return httpx.Client(base_url=self.url, timeout=30)

    def measure(self, name, **body):
        """Ask for a measure."""
        return httpx.put(f"{self.url}/admin/measures/{name}", json=body, headers=self.bearer)


@contextmanager
def running(*options):
    """A sandbox with these options, stopped at the end."""
    command = [sys.executable, "-m", "entsurge.sandbox", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        try:
            yield Sandbox(**json.loads(process.stdout.readline()), process=process)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def sandbox():
    """One sandbox for the whole session, with pages that take no time."""
    with running("--service-seconds", "0") as started:
        yield started


@pytest.fixture
def measured():
    """A sandbox of one test's own, whose measures nobody else sees."""
    with running("--service-seconds", "0", "--simulated-hour", "10") as started:
        yield started


def hidden(text, name):
    """The value of a hidden field or of a meta."""
    found = re.search(rf'name="{name}" (?:value|content)="([^"]*)"', text)
    assert found, f"no {name} in {text[:500]}"
    return found[1]


def submit(client, person, password=None):
    """Fill the form in and send it; the answer, not followed."""
    service = f"{client.base_url}/etab/{person.uai}/".replace("//etab", "/etab")
    form = client.get("/cas/login", params={"service": service})
    fields = {
        "username": person.login,
        "password": password or person.password,
        "execution": hidden(form.text, "execution"),
        "lt": hidden(form.text, "lt"),
    }
    return client.post("/cas/login", params={"service": service}, data=fields)


def sign_on(client, person):
    """Sign on as someone, up to their home page."""
    answer = client.get(submit(client, person).headers["location"])
    assert answer.status_code == 302, answer.text
    return client.get(answer.headers["location"])
