"""What may stand in files of ours and on the command line: bounded, and such as every report can show."""

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge import content
from entsurge.config_file import read_json, read_toml
from entsurge.errors import UsageError
from entsurge.file_values import faults, unwritable, writable

XML = "<a>{}</a>"


@given(st.text())
def test_what_is_called_writable_can_stand_in_xml_and_in_a_file(text: str) -> None:
    """lxml takes it, UTF-8 encodes it; what is replaced is writable."""
    from lxml import etree

    fixed = writable(text)
    assert unwritable(fixed) == ""
    assert len(fixed) == len(text)
    element = etree.Element("a", name=fixed)
    element.text = fixed
    etree.tostring(element, encoding="utf-8").decode("utf-8")
    assert unwritable(text) == "" or fixed != text


@pytest.mark.parametrize(
    ("text", "said"),
    [("été", ""), ("a\tb\n", ""), ("a\ufffeb", "U+FFFE at character 2"), ("\udce9", "U+DCE9 at character 1"),
     ("x\x9f", "U+009F at character 2"), ("\U0001f600", "")],
)  # fmt: skip
def test_the_first_letter_that_cannot_be_shown_is_named(text: str, said: str) -> None:
    """With its place, counted from 1."""
    assert unwritable(text) == said


def test_every_fault_has_its_key() -> None:
    """Tables, arrays, keys; payloads hold any text, but no number without bounds."""
    tree = {
        "a": {"b": ["x", "\x00"]},
        "n": 2**63,
        "\ufffe": 1,
        "body": {"text": "\x1e", "n": float("nan")},
        "ok": -(2**63),
    }
    assert faults(tree, frozenset({"body"})) == [
        "a.b.1: U+0000 at character 1; expected text without control characters",
        "n: expected an integer of at most 64 bits",
        "(file): a key holds U+FFFE at character 1; expected text",
        "body.n: found nan; expected a finite number",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"a": [1, 2,', "not JSON"), (b"\xff\xfe{\x00", "UTF-16"), (b'{"a": "\xe9"}', "(line 1, byte 0xE9)"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a: expected an integer"), (b'{"a": 1e999}', "a: found inf"),
        (b'{"a": [NaN]}', "a.0: found nan"), (b'{"a": "\\ud800"}', "a: U+D800 at character 1"),
        (b'{"\\udfff": 1}', "a key holds U+DFFF"),
        (b'{"method": ' + b"[" * 3000 + b"]" * 3000 + b"}", "method: nested"),
        (b'{"a": ' + b'{"a": ' * 80 + b"1" + b"}" * 81, "nested more than 64 deep"),
    ],
)  # fmt: skip
def test_json_is_held_to_the_same(tmp_path: Path, text: bytes, said: str) -> None:
    """With the key wherever there is one."""
    (tmp_path / "x.json").write_bytes(text)
    with pytest.raises(UsageError) as caught:
        read_json(tmp_path / "x.json")
    assert said in str(caught.value)


def test_a_mark_and_plain_values_are_read(tmp_path: Path) -> None:
    """UTF-8 with a mark, in either form; a driver's body may hold what is sent alone."""
    (tmp_path / "x.json").write_bytes(b'\xef\xbb\xbf{"a": [1, 2.5, "\xc3\xa9"]}')
    assert read_json(tmp_path / "x.json") == {"a": [1, 2.5, "é"]}
    (tmp_path / "x.toml").write_bytes(b'\xef\xbb\xbfbody = "{}\\u001E"\r\n')
    assert read_toml(tmp_path / "x.toml", frozenset({"body"})) == {"body": "{}\x1e"}
    with pytest.raises(UsageError, match="body: U\\+001E at character 3"):
        read_toml(tmp_path / "x.toml")


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """As TOML and as JSON: never another exception."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    for read in (read_toml, read_json):
        with contextlib.suppress(UsageError):
            json.dumps(read(path), default=str)


def entsurge(folder: Path, *arguments: str | bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "entsurge", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", b"./\xe9t\xe9.toml"),
        ("run", "ordinary-week", "--target", "http://127.0.0.1:9", "--out", b"runs/\xe9"),
        ("gate", "runs/a\ufffe"), ("report", "runs/\x1b[31m"), ("plan", "./a\nb.toml"),
    ],
)  # fmt: skip
def test_names_that_no_report_can_hold_are_refused_before_anything_is_done(tmp_path: Path, arguments: tuple) -> None:
    """Latin-1 bytes, U+FFFE, escape sequences, a line break: exit code 2, one sentence, nothing made."""
    done = entsurge(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"expected" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "key", ["a." * 100_000 + "a = 1", "[" + '"a" . ' * 50_000 + "a]", "a = { b = 1, " + "c." * 64 + "c = 1}"]
)
def test_a_key_of_too_many_parts_is_refused_at_once(tmp_path: Path, key: str) -> None:
    """The library's own parser would take minutes over it; 64 parts are taken."""
    path = tmp_path / "a.toml"
    path.write_text(f"b = 1\n{key}\n", encoding="utf-8")
    began = time.process_time()
    with pytest.raises(UsageError, match="line 2: a key nested more than 64 deep"):
        read_toml(path)
    assert time.process_time() - began < 2
    path.write_text("a." * 60 + "a = '" + "a." * 100 + "'\n", encoding="utf-8")
    assert read_toml(path)


@pytest.mark.parametrize("name", ["a" * 5000, "./" + "a" * 5000, "a/" * 3000])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    """In one sentence, and a short one."""
    with pytest.raises(UsageError, match=r"^.{80}: File name too long; expected the name of a file$"):
        content.find("profiles", name)


@pytest.mark.parametrize(
    "arguments",
    [("run", "ordinary-week", "--target", "http://127.0.0.1:9", "--control-share", "nan"),
     ("plan", "ordinary-week", "--limit", "inf"),
     ("population", "--leave", "nan"), ("plan", "ordinary-week", "--scale", "1e999999999")],
)  # fmt: skip
def test_nan_and_infinity_on_the_command_line_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2 with the option."""
    done = entsurge(tmp_path, *arguments)
    assert done.returncode == 2, done.stdout
    assert arguments[-2].encode() in done.stderr


def test_a_working_folder_that_no_report_can_name_is_refused(tmp_path: Path) -> None:
    """The report would end on it after the run; help is given all the same."""
    here = tmp_path / os.fsdecode(b"caf\xe9")
    here.mkdir()
    done = entsurge(here, "gate", "run")
    assert done.returncode == 2
    assert b"udce9" in done.stderr
    assert entsurge(here, "gate", "--help").returncode == 0
