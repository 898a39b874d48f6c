"""What was posted, in every way in which recordings keep it."""

import base64
import json

import pytest
from tests.recorded.drafting import HOME, drafted, entry, form, pages, recording

from entsurge.recorded.masks import masks
from entsurge.recorded.remaining import remaining

JSON = "application/json"


def posted(folder, post: dict, **more) -> dict:
    """The request that the draft makes of this postData."""
    made, _ = drafted(
        recording(folder, entry("http://e/", HOME), entry("http://e/x", method="POST", at=1, post=post, **more))
    )
    return {name: each for name, each in pages(made)[-1][1].items() if name not in ("url", "method")}


def test_fields_out_of_turn_are_pairs(tmp_path) -> None:
    """The order across names is kept where a table would lose it."""
    assert posted(tmp_path, form("a=1&b=2&a=3&c=")) == {"form": [["a", "1"], ["b", "2"], ["a", "3"], ["c", ""]]}
    assert posted(tmp_path, form("a=1&a=3&b=2")) == {"form": {"a": ["1", "3"], "b": "2"}}


def test_text_comes_before_params(tmp_path) -> None:
    """Whatever the recorder has made of the fields; params alone are read as their recorder writes them."""
    params = [{"name": "sort%5Bby%5D", "value": "date%2Ddesc"}]
    assert posted(tmp_path, form("sort=asc", params=params)) == {"form": {"sort": "asc"}}
    alone = {"mimeType": "application/x-www-form-urlencoded", "params": params}
    assert posted(tmp_path, alone) == {"form": {"sort[by]": "{sentence}"}}
    listed = {**alone, "params": [{"name": "sort[by]", "value": "100 %25"}]}
    assert posted(tmp_path, listed) == {"form": {"sort[by]": "MASKED"}}


@pytest.mark.parametrize("kind", [JSON, "Application/JSON; charset=utf-8"])
def test_base64_and_charsets(tmp_path, kind) -> None:
    """A body in base64, a form in Latin-1, an answer in base64 and Latin-1."""
    text = base64.b64encode(b'{"tri": "asc", "n": 7}').decode()
    assert posted(tmp_path, {"mimeType": kind, "text": text, "encoding": "base64"}) == {"json": {"tri": "asc", "n": 7}}
    assert posted(tmp_path, form("cl%E9=1&sujet=%E9t%E9")) == {"form": {"clé": "1", "sujet": "{sentence}"}}
    page = entry("http://e/", None, kind="text/html; charset=iso-8859-1")
    content = "<a href='/deconnexion'>é</a><form><input type=hidden name=clé value='Zk3-99xQ'></form>".encode("latin-1")
    page["response"]["content"] |= {"text": base64.b64encode(content).decode(), "encoding": "base64"}
    made, _ = drafted(recording(tmp_path, page, entry("http://e/x", method="POST", at=1, post=form("cl%E9=Zk3-99xQ"))))
    assert pages(made)[-1][1]["form"] == {"clé": "{cl}"}


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('{"a":null}', {"body": '{{"a":null}}'}),
        ('{"a": 1.10, "b": -0, "c": 1E+2}', {"body": '{{"a": 1.10, "b": -0, "c": 1E+2}}'}),
        ("[1,2,3]", {"json": [1, 2, 3]}),
        ('{"a":[{"b":true}]}', {"json": {"a": [{"b": True}]}}),
        ('{"a":"Chère Léa","b":null}', {"body": '{{"a":"{sentence}","b":null}}'}),
        ('{"q":"\\ud800","b":null}', {"body": '{{"q":"MASKED","b":null}}'}),
        ('{"a":1,"a":2}', {"body": "MASKED"}),
        ('{"a":' * 3000 + "1" + "}" * 3000, {"body": "MASKED"}),
        ('{"n":' + "9" * 5000 + "}", {"json": {"n": 0}}),
        ("null", {"body": "null"}),
        ("{oops", {"body": "MASKED"}),
    ],
)
def test_json_is_kept_as_it_was(tmp_path, text, body) -> None:
    """Nulls, decimals, repeated names, thousands of digits, thousands of levels; texts never come through."""
    found = posted(tmp_path, {"mimeType": JSON, "text": text}, headers={"Sec-Fetch-Dest": "empty"})
    assert found == ({**body, "headers": {"Content-Type": JSON}} if "body" in body else body)


def test_a_number_that_the_server_gave_is_fed_on(tmp_path) -> None:
    """Without quotes, as it was sent."""
    listed = entry("http://e/l", json.dumps([{"id": 48213}]), kind=JSON, at=1, headers={"Sec-Fetch-Dest": "empty"})
    sent = entry("http://e/x", "{}", kind=JSON, method="PUT", at=2, post={"mimeType": JSON, "text": '{"id":48213}'})
    made, _ = drafted(recording(tmp_path, entry("http://e/", HOME), listed, sent))
    assert pages(made)[-1][1]["body"] == '{{"id":{id}}}'


@pytest.mark.parametrize(
    ("kind", "text", "body"),
    [
        ("text/plain", '{"a":1}', '{{"a":1}}'), ("application/xml", "<nom>Lea</nom>", "MASKED"), ("", "", None),
        ("application/x-protobuf", "\x00\x01Lea", "MASKED"), ("application/x-www-form-urlencoded", '{"a":"Lea"}', None),
        ("application/graphql+json", '{"query":"{ me { id } }"}', '{{"query":"{{ me {{ id }} }}"}}'),
    ],
)  # fmt: skip
def test_other_bodies(tmp_path, kind, text, body) -> None:
    """What nothing is known about is masked, and its type kept; JSON is JSON whatever it is called."""
    found = posted(tmp_path, {"mimeType": kind, "text": text})
    assert "Lea" not in json.dumps(found)
    assert body is None or (found["body"] == body and found["headers"] == {"Content-Type": kind})


def test_a_multipart_form_without_a_file(tmp_path) -> None:
    """As a script sends it: it stays multipart."""
    found = posted(tmp_path, {"mimeType": "multipart/form-data; boundary=Z", "text":
                   '--Z\r\nContent-Disposition: form-data; name="sort"\r\n\r\nasc\r\n--Z--\r\n'})  # fmt: skip
    assert found["headers"]["Content-Type"].startswith("multipart/form-data; boundary=")
    assert 'name="sort"\r\n\r\nasc\r\n--' in found["body"]


def test_several_files_are_said(tmp_path) -> None:
    """A driver sends one; neither name nor content of a file comes through."""
    params = [{"name": "f", "fileName": "bulletin-lea.pdf", "value": "%PDF"}, {"name": "g", "fileName": "x"}]
    path = recording(tmp_path, entry("http://e/", HOME), entry("http://e/x", method="POST", at=1,
                     post={"mimeType": "multipart/form-data", "params": params}))  # fmt: skip
    made, text = drafted(path)
    assert pages(made)[-1][1]["upload"] == {"field": "f"}
    assert "lea" not in text
    assert any("2 files" in note for note in made.notes)


def test_a_mask_is_said_once_by_its_page_and_field(tmp_path) -> None:
    """Of a form with a name twice, of a query, of a number that JSON hid; nothing is said of what was found."""
    page = f"<a href='/messages/fil?k=xeVlmOdYgVeq'>x</a>{HOME}"
    made, _ = drafted(
        recording(
            tmp_path,
            entry("http://e/", page),
            entry("http://e/messages/fil?k=xeVlmOdYgVeq&z=Dupont", HOME),
            entry("http://e/messages/envoi", HOME, method="POST", post=form("objet=R%40%409&a=1&objet=S%40%409")),
            entry("http://e/messages/api", "{}", method="POST", kind="application/json", headers={"Accept": "*/*"},
                  post={"mimeType": "application/json", "text": '{"token": 987654}'}),
        )
    )  # fmt: skip
    said = [note.partition(": ")[0] for note in made.notes if "MASKED" in note or "in its stead" in note]
    assert sorted(said) == [
        "read-inbox, request 1, url, z",
        "send-message, request 1, form.objet",
        "send-message, request 2, token",
    ]
    assert [each for each in remaining(made.file, [], made.notes) if "MASKED" in each] == masks(made.file)
