"""Real sandboxes in processes of their own, and people who sign on to them."""

import json
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox, and what a browser does with it."""

    url: str
    admin_token: str
    process: subprocess.Popen

    def client(self):
        """A browser with a cookie jar of its own, which does not follow redirects by itself."""
        return httpx.Client(base_url=self.url, timeout=30)

    def measure(self, name, **body):
        """Ask for a measure; the answer."""
        bearer = {"authorization": f"Bearer {self.admin_token}"}
        return httpx.put(f"{self.url}/admin/measures/{name}", json=body, headers=bearer)

    def portal(self, person):
        """The address that tickets for someone's school are made for."""
        return f"{self.url}/etab/{person.uai}/"

    def form(self, client, person):
        """The sign-on form's fields, filled in."""
        text = client.get("/cas/login", params={"service": self.portal(person)}).text
        kept = {name: self.hidden(text, name) for name in ("execution", "lt")}
        return {"username": person.login, "password": person.password, **kept}

    def submit(self, client, person, **changed):
        """Send the form, with some fields changed; the answer, not followed."""
        fields = self.form(client, person) | changed
        return client.post("/cas/login", params={"service": self.portal(person)}, data=fields)

    def sign_on(self, client, person):
        """Sign on as someone, up to their home page."""
        answer = client.get(self.submit(client, person).headers["location"])
        assert answer.status_code == 302, answer.text
        return client.get(answer.headers["location"])

    @staticmethod
    def hidden(text, name):
        """The value of a hidden field or of a meta."""
        found = re.search(rf'name="{name}" (?:value|content)="([^"]*)"', text)
        assert found, f"no {name} in {text[:500]}"
        return found[1]


@contextmanager
def running(*options):
    command = [sys.executable, "-m", "entsandbox", "--port", "0", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield Sandbox(**json.loads(line), process=process)
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def sandbox():
    """One sandbox for the whole session, with pages that take no time."""
    with running("--service-seconds", "0") as started:
        yield started


@pytest.fixture
def start():
    """Start sandboxes with options of the test's own; they stop at its end."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(running(*options))


@pytest.fixture
def measured(start):
    """A sandbox whose measures nobody else sees, at ten in the morning."""
    return start("--service-seconds", "0", "--simulated-hour", "10")


@pytest.fixture(scope="module")
def running_module():
    """Start sandboxes for a module's tests; they stop at its end."""
    with ExitStack() as stack:
        yield lambda *options: stack.enter_context(running(*options))


@pytest.fixture
def refused():
    """Start a sandbox that must not start; what it says, with exit code 2 and no traceback."""

    def start(*options):
        command = [sys.executable, "-m", "entsandbox", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    return start
