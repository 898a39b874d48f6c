"""One policy: made once, told to other processes without its secrets, kept by every client that it makes."""

import json

import pytest

from entsurge.client.access import Access
from entsurge.client.url import split

SECRET = "sesame-ouvre-toi"
WHOLE = Access(
    hosts=("ent.example.fr",), networks=("10.0.0.0/8",), certificates="/a/root.pem", client_certificate="/a/c.pem",
    client_key="/a/c.key", http="1.1", names_seconds=5, sources=("127.0.1.1", "127.0.1.2"), agent="entsurge/1",
    run="soir", own_headers={"X-Passe": SECRET},
)  # fmt: skip


def test_a_policy_goes_to_another_process_without_its_secrets() -> None:
    """Everything but the target's own headers comes back; they stand in neither the text nor the repr."""
    text = WHOLE.to_json()
    assert SECRET not in text + repr(WHOLE)
    assert Access.from_json(text) == WHOLE.without_secrets()
    assert WHOLE.without_secrets().headers == {"User-Agent": "entsurge/1", "X-Entsurge-Run": "soir"}


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"host": []}', '"x"', "null"])
def test_anything_else_is_no_policy(text: str) -> None:
    """Said as a ValueError, whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        Access.from_json(text)


def test_allow_list_and_tls_are_made_once() -> None:
    """For a run of the policy, for whoever is not the target, and for every client: the same ones."""
    access = Access(sources=("127.0.1.1", "127.0.1.2"))
    run = access.of_run("soir", access.sources)
    clients = [run.client(number, headers={"X-Mine": "1"}) for number in range(3)]
    assert {id(each.allow) for each in clients} == {id(access.allow)} == {id(access.without_secrets().allow)}
    assert {id(each.route.tls) for each in clients} == {id(access.tls)} == {id(run.blocking().tls)}
    assert [each.route.source for each in clients] == ["127.0.1.1", "127.0.1.2", "127.0.1.1"]
    head = clients[0].exchanges.heads.http1("GET", split("http://127.0.0.1/"), b"", {}, None)
    assert b"X-Mine: 1\r\n" in head
    assert b"X-Entsurge-Run: soir\r\n" in head
    assert "X-Mine" not in run.headers
    assert json.loads(run.to_json())["run"] == "soir"
