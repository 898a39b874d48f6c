"""People with a phone: who signs on to a sandbox's mobile door and asks its API."""

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from entsandbox.mobile.identifiers import person_id
from entsurge.population import Population

REDIRECT = "skoapp-prod://sign-in-callback"
CLIENT = "an-app"
API = "/api/v1/bff-sko-app"
PEOPLE = Population(seed=1)


@dataclass
class Phone:
    """Someone's app at one sandbox: a browser for the sign-on, then tokens."""

    url: str
    person: object
    client: httpx.Client
    tokens: dict = field(default_factory=dict)

    @property
    def id(self):
        """What the person is called at the mobile door."""
        return person_id(PEOPLE, self.person)

    def discovery(self):
        """What the provider says of itself."""
        return self.client.get("/cas/oidc/.well-known/openid-configuration").json()

    def authorize(self, **changed):
        """Ask for a code, some parameters changed; the answer and the verifier."""
        verifier = secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": CLIENT, "redirect_uri": REDIRECT, "scope": "openid", "state": "s-1",
            "nonce": "n-1", "code_challenge": challenge, "code_challenge_method": "S256", **changed,
        }  # fmt: skip
        kept = {name: value for name, value in asked.items() if value is not None}
        return self.client.get("/cas/oidc/oidcAuthorize", params=kept), verifier

    def through_cas(self, answer):
        """Follow an answer through the CAS's form up to the app's address, or to a page that leads nowhere."""
        for _ in range(8):
            if answer.has_redirect_location:
                where = answer.headers["location"]
                if not where.startswith(("/", self.url)):
                    return answer
                answer = self.client.get(where)
            elif 'name="execution"' in answer.text:
                kept = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', answer.text)
                fields = {name: unescape(value) for name, value in kept}
                fields |= {"username": self.person.login, "password": self.person.password}
                answer = self.client.post(str(answer.url), data=fields)
            else:
                return answer
        return answer

    def code(self, **changed):
        """Sign on; the code and its verifier."""
        answer, verifier = self.authorize(**changed)
        back = self.through_cas(answer)
        assert back.headers.get("location", "").startswith(REDIRECT), back.text[:500]
        return said(back)["code"], verifier

    def exchange(self, code, verifier, /, **changed):
        """Ask for the tokens of a code; the answer."""
        fields = {
            "grant_type": "authorization_code", "code": code, "client_id": CLIENT, "redirect_uri": REDIRECT,
            "code_verifier": verifier, **changed,
        }  # fmt: skip
        return self.client.post("/cas/oidc/oidcAccessToken", data=fields)

    def refresh(self, token=None, **changed):
        """Ask for new tokens; the answer."""
        fields = {"grant_type": "refresh_token", "client_id": CLIENT}
        fields["refresh_token"] = token or self.tokens["refresh_token"]
        return self.client.post("/cas/oidc/oidcAccessToken", data=fields | changed)

    def sign_on(self, **changed):
        """Sign on and keep the tokens."""
        answer = self.exchange(*self.code(**changed))
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        return self

    def ask(self, path, method="GET", body=None, headers=None, token=None, **parameters):
        """Ask the API; the answer. `filter__student.id` stands for `filter[student.id]`."""
        given = {"authorization": f"Bearer {token or self.tokens['access_token']}", **(headers or {})}
        asked = {_bracketed(name): value for name, value in parameters.items()}
        data = None if body is None else json.dumps(body)
        if data is not None:
            given.setdefault("content-type", "application/vnd.api+json")
        return self.client.request(method, API + path, params=asked, content=data, headers=given)

    def read(self, path, **parameters):
        """Ask the API, which answers 200; its document."""
        answer = self.ask(path, **parameters)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/vnd.api+json"
        return answer.json()


def said(answer):
    """The parameters in the address that an answer points to."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def error(answer):
    """Status, title and detail of the first error of an answer."""
    found = answer.json()["errors"][0]
    assert found["status"] == str(answer.status_code)
    return answer.status_code, found["title"], found["detail"]


def _bracketed(name):
    first, *rest = name.split("__")
    return first + "".join(f"[{part}]" for part in rest)


@pytest.fixture
def start(start):
    """Start sandboxes of two schools, which are there at once; their people are the first ones of `PEOPLE`."""
    return lambda *options: start("--schools", "2", "--academies", "2", *options)


@pytest.fixture
def phone():
    """Give someone a phone at a sandbox."""
    clients = []

    def give(sandbox, persona="student", index=3):
        clients.append(httpx.Client(base_url=sandbox.url, timeout=30))
        return Phone(sandbox.url, PEOPLE.person(persona, index), clients[-1])

    yield give
    for client in clients:
        client.close()


@pytest.fixture
def pupil(sandbox, phone):
    """A pupil who is signed on."""
    return phone(sandbox).sign_on()


@pytest.fixture
def parent(sandbox, phone):
    """A parent who is signed on."""
    return phone(sandbox, "parent").sign_on()
