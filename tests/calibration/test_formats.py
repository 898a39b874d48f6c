"""Each format comes back as it was written, in whatever carried it; whatever else a line is, it is counted."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.calibration.dialects import ENVELOPES, FORMATS, W3C_HEADER, Request, combined
from tests.conftest import FULL

from entsurge.calibration import rules as reading
from entsurge.calibration.access_log import AccessLog
from entsurge.calibration.lines import LogFiles
from entsurge.calibration.visits import observe
from entsurge.errors import EntsurgeError, UsageError

AT = 1_768_208_400  # 12 January 2026, 10:00 in Paris
ONE = Request(AT, "192.0.2.1", "/etab/3/accueil")
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_", min_size=1, max_size=12)
REQUESTS = st.builds(
    Request,
    second=st.integers(1_640_995_200, 1_893_456_000),
    address=st.one_of(st.integers(1, 254).map("192.0.2.{}".format), st.integers(1, 9999).map("2001:db8::{}".format)),
    path=st.lists(WORD, min_size=1, max_size=3).map(lambda of: "/" + "/".join(of)),
    query=st.one_of(st.just(""), WORD.map("do={}".format)),
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    status=st.sampled_from([200, 206, 302, 304, 404, 503]),
    user=st.one_of(st.just("-"), WORD.map("u{}".format)),
    agent=WORD.map("Mozilla/5.0 (X11; {})".format),
)
NO_USER = {"Envoy", "Istio", "AWS ALB", "HAProxy", "HAProxy, forwarded", "Envoy JSON", "Google", "Cloudflare"}
NO_DASH = {"Caddy", "W3C"}


def parsed(tmp_path: Path, lines: Iterable[str], **rules: object) -> tuple[AccessLog, list[tuple]]:
    """The log, and second, address, method, path, status, user, agent and reason of each line, in order."""
    text = "".join(line + "\n" for line in lines)
    (tmp_path / "any.log").write_bytes(text.encode("utf-8", "surrogatepass"))
    log = AccessLog(reading.load()[0].model_copy(update=rules))
    log.read(LogFiles([tmp_path / "any.log"]))
    asked = 'SELECT second, address, method, path, status, "user", agent, reason FROM parsed ORDER BY number'
    return log, log.database.execute(asked).fetchall()


def comes_back(name: str, of: Request) -> tuple:
    """What a format keeps of a request."""
    user = "" if name in NO_USER or (of.user == "-" and name in NO_DASH) else of.user
    return of.second, of.address, of.method, of.path, str(of.status), user, "" if name == "common" else of.agent, None


@settings(max_examples=40 if FULL else 3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=st.lists(REQUESTS, min_size=1, max_size=20))
def test_each_format_comes_back(tmp_path: Path, requests: list[Request]) -> None:
    """Second, client's address, method, path, status, user and browser, as far as a format has them, in one file."""
    written = [
        (name, said, write(of), of) for name, (said, write) in FORMATS.items() for of in requests if name != "W3C"
    ]
    log, found = parsed(tmp_path, [line for _, _, line, _ in written])
    assert found == [comes_back(name, of) for name, _, _, of in written]
    named = [said for _, said, _, _ in written]
    assert dict(log.counts.formats) == {said: named.count(said) for said in named}
    log, found = parsed(tmp_path, [W3C_HEADER, *map(FORMATS["W3C"][1], requests)])
    assert found == [comes_back("W3C", of) for of in requests]
    assert dict(log.counts.formats) == {"W3C (IIS)": len(requests)}


def test_what_carried_a_line_is_taken_off(tmp_path: Path) -> None:
    """Syslog and container logs around any format: the request's own time and address, and the envelope is said."""
    names = [name for name in FORMATS if name != "W3C"]
    log, found = parsed(tmp_path, [carry(FORMATS[name][1](ONE)) for name in names for carry in ENVELOPES.values()])
    assert {
        (name, each[:4]) for name, each in zip(sorted(names * len(ENVELOPES), key=names.index), found, strict=True)
    } == {(name, (AT, "192.0.2.1", "GET", "/etab/3/accueil")) for name in names}
    said = Counter(name.split(",")[0] for name in ENVELOPES for _ in names)
    assert log.counts.envelopes == said


def test_envelopes_within_envelopes(tmp_path: Path) -> None:
    """Docker's JSON shipped by syslog; lines of other programs beside it are counted as unknown."""
    line = ENVELOPES["syslog (RFC 3164)"](ENVELOPES["JSON of containers"](combined(ONE)))
    log, found = parsed(tmp_path, [line, line, "Sep  1 08:00:01 web1 cron[3]: (root) CMD (true)"])
    assert [each[0] for each in found[:2]] == [AT, AT]
    assert log.counts.kinds == {"page": 2, "unparsed": 1}
    assert log.counts.envelopes == {"syslog (RFC 3164), JSON of containers": 2}


def test_the_columns_of_w3c_logs_may_change(tmp_path: Path) -> None:
    """A new #Fields: line after a restart holds from there on; directives are no lines, tabs separate as well."""
    lines = [
        "#Version: 1.0", W3C_HEADER, FORMATS["W3C"][1](ONE), "#Date: 2026-01-12 09:00:00",
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent) x-forwarded-for",
        "2026-01-12\t09:00:00\t10.0.0.3\tGET\t/etab/3/accueil\t200\tFirefox/140.0\t192.0.2.1",
    ]  # fmt: skip
    log, found = parsed(tmp_path, lines)
    assert found[0] == found[1]
    assert log.counts.lines == 2


def test_w3c_columns_hold_for_the_next_batch_and_not_for_the_next_file(tmp_path: Path, monkeypatch) -> None:
    """The header is read once, however long the log; another file needs its own."""
    monkeypatch.setattr("entsurge.calibration.lines.BLOCK", 500)
    line = FORMATS["W3C"][1](ONE)
    log, _ = parsed(tmp_path, [W3C_HEADER, *[line] * 9])
    assert log.counts.kinds["page"] == 9
    (tmp_path / "next.log").write_text(line + "\n")
    with pytest.raises(UsageError, match=r"next\.log: line 1 is in no format"):
        log.read(LogFiles([tmp_path / "any.log", tmp_path / "next.log"]))


@pytest.mark.parametrize("name", ["the time", "a.b", "t*", "été", "$x'y%s?"])
def test_json_fields_of_any_name_can_be_given(tmp_path: Path, name: str) -> None:
    """Names of the rules come before the known ones; a dot is a name's own or goes into an object."""
    rest = {"chemin": "/etab/3/accueil", "qui": "192.0.2.1"}
    lines = [json.dumps({name: "2026-01-12T10:00:00+01:00"} | rest)]
    if "." in name:
        lines.append(json.dumps({"a": {"b": "2026-01-12T10:00:00+01:00"}} | rest))
    fields = reading.JsonFields(time=[name], path=["chemin"], address=["qui"])
    _, found = parsed(tmp_path, lines, json_fields=fields)
    assert {each[:4] for each in found} == {(AT, "192.0.2.1", "GET", "/etab/3/accueil")}


@pytest.mark.parametrize("name", ['a"b', "", ".", "a..b", "a.", "a\\b", "a\x00"])
def test_names_that_no_field_can_have_are_refused(name: str) -> None:
    """Before anything is read."""
    with pytest.raises(ValueError, match="pattern"):
        reading.JsonFields(time=[name])


CLIENTS = {
    "192.0.2.7, 10.0.0.1": "192.0.2.7", "10.1.2.3, 192.0.2.7": "192.0.2.7", "10.1.2.3, 10.0.0.1": "10.1.2.3",
    "192.0.2.7:4711": "192.0.2.7", "[2001:db8::7]:443": "2001:db8::7", "2001:DB8::7": "2001:db8::7",
    "::ffff:192.0.2.7": "192.0.2.7", "172.16.0.1, 172.32.0.1": "172.32.0.1", "fd00::1, 2001:db8::7": "2001:db8::7",
    "unknown, 192.0.2.7": "192.0.2.7", "-, 192.0.2.7": "192.0.2.7", "client.example": "client.example",
    "127.0.0.1, 100.64.3.2, 192.0.2.7": "192.0.2.7", "for=192.0.2.60;proto=http": "192.0.2.60", "::1": "::1",
}  # fmt: skip


def test_the_client_is_the_first_public_address(tmp_path: Path) -> None:
    """Proxies and private networks are passed over, else the first; ports and mapped addresses are undressed."""
    lines = [json.dumps({"time": AT, "path": "/", "ip": written}) for written in CLIENTS]
    assert dict(zip(CLIENTS, [each[1] for each in parsed(tmp_path, lines)[1]], strict=True)) == CLIENTS


def test_other_fields_at_the_end_are_no_forwarded_address(tmp_path: Path) -> None:
    """An upstream's address with its port, a host, a time: the visitor stays who it was."""
    fields = [
        "10.0.0.3:8080",
        "-",
        "",
        "ent.example",
        "0.004",
        "unix:/run/php.sock",
        "TLSv1.3",
        "10.0.0.3:80, 10.0.0.4:80",
    ]
    lines = [f'{combined(ONE)} "{field}"' for field in fields] + [f"{combined(ONE)} {field}" for field in fields]
    assert {each[1] for each in parsed(tmp_path, lines)[1]} == {"192.0.2.1"}


INSTANTS = [
    AT, "1768208400", AT + 0.5, 1_768_208_400_123, 1_768_208_400_123_456, 1_768_208_400_123_456_789, "1.7682084E9",
    "2026-01-12T10:00:00+01:00", "2026-01-12 10:00:00.5 +0100", "2026-01-12T09:00:00,123Z", "2026-01-12T10:00",
    "2026-01-12T09:00:00.123456789Z", "2026-01-12T14:30:00+05:30", "2026-01-12T04:00:00-05", "2026-01-12T10:00:00",
    "12/Jan/2026:10:00:00 +0100", "12/Jan/2026:10:00:00", "12/Jan/2026:10:00:00.123", "12/01/2026 10:00:00",
    "12/01/2026 10:00", "2026-01-12 09:00:00 UTC", "12/Jan/2026:05:30:00 -0330", "Mon, 12 Jan 2026 09:00:00 GMT",
    "2026-01-12t09:00:00z", "2026/01/12 10:00:00", "12-01-2026 10:00:00", "12.01.2026 10:00",
]  # fmt: skip
NO_INSTANTS = [
    "0", "1", "-1", "1e308", "1e400", "9" * 5_000, "infinity", "-infinity", "NaN", "nan", "now", "today", "epoch",
    "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
    "01/Jan/0001:00:00:00",
    "9999-12-31T23:59:59Z", "2026-02-30T10:00:00Z", "2026-01-12T25:00:00Z", "2026-01-12", "10:00:00",
    "01/Jan/1970:00:00:00", "32/01/2026 10:00:00", "99999999999999999999", "2026-01-12T10:00:00+99:99:99",
    "294247-01-10T04:00:54Z", "1768208400s", "12/Jan/9999:10:00:00 +0100", "12/Jan/2262:10:00:00",
]  # fmt: skip


def test_instants_in_all_their_forms(tmp_path: Path) -> None:
    """Since 1970 by magnitude, ISO 8601, Apache's, day/month/year; local time of the rules' zone without an offset."""
    _, found = parsed(tmp_path, [json.dumps({"time": stamp, "path": "/"}) for stamp in INSTANTS])
    assert {stamp: each[0] for stamp, each in zip(INSTANTS, found, strict=True)} == dict.fromkeys(INSTANTS, AT)


def test_what_is_no_instant_is_counted_as_unreadable(tmp_path: Path) -> None:
    """It neither ends the reading nor makes it longer."""
    good = json.dumps({"time": AT, "path": "/etab/3/accueil", "ip": "192.0.2.1"})
    log, found = parsed(tmp_path, [good, *(json.dumps({"time": stamp, "path": "/"}) for stamp in NO_INSTANTS)])
    assert {stamp: each[0] for stamp, each in zip(NO_INSTANTS, found[1:], strict=True)} == dict.fromkeys(NO_INSTANTS)
    assert log.counts.unparsed[str(tmp_path / "any.log"), "date"] == len(NO_INSTANTS)
    assert observe(log, [tmp_path / "any.log"]).visits_per_week == 1


def test_numbers_and_arrays_beyond_measure(tmp_path: Path) -> None:
    """In any field of a JSON line: the line is read or counted, its neighbours are read."""
    good = json.dumps({"time": AT, "path": "/etab/3/accueil", "ip": "192.0.2.1"})
    raws = ["9" * 5_000, "[" * 3_000 + "]" * 3_000, "1e400", "-0", '{"a":' * 500 + "1" + "}" * 500, "NaN", "1e-400"]
    odd = [line % raw for raw in raws for line in (
        '{"time": %s, "path": "/notes"}', '{"time": 1768208400, "path": "/notes", "x": %s}',
        '{"time": 1768208400, "path": "/notes", "status": %s}',
    )]  # fmt: skip
    log, found = parsed(tmp_path, [*odd, *[good] * len(odd)])
    assert {each[-1] for each in found[len(odd) :]} == {None}
    assert sum(log.counts.kinds.values()) == len(found) == 2 * len(odd)


def test_a_user_that_is_none_is_none(tmp_path: Path) -> None:
    """What servers and applications write where nobody is signed on: visitors are told by their addresses."""
    users = ["-", '""', '"-"', "(null)", "anonymous", "None", " - ", "null"]
    lines = [combined(replace(ONE, user=user, address=f"192.0.2.{number}")) for number, user in enumerate(users)]
    log, _ = parsed(tmp_path, [*lines, combined(replace(ONE, user="anna marie"))])
    hits = "SELECT count(DISTINCT visitor), count(*) FILTER (named) FROM hits"
    assert log.database.execute(hits).fetchall() == [(len(users) + 1, 1)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_of_a_log(tmp_path: Path, encoding: str) -> None:
    """With their marks and without, plain and gzip, CRLF and LF."""
    raw = "\r\n".join([combined(ONE)] * 3).encode(encoding)
    for content in (raw, gzip.compress(raw)):
        (tmp_path / "any.log").write_bytes(content)
        log = AccessLog(reading.load()[0])
        log.read(LogFiles([tmp_path / "any.log"]))
        assert log.counts.kinds == {"page": 3}


def test_of_two_times_the_one_with_an_offset_wins(tmp_path: Path) -> None:
    """Whatever their order; one that can be no time at all is passed over."""
    lines = [
        {"time": "2026-01-12T23:11:00", "StartUTC": "2026-01-12T09:00:00Z"},
        {"time_iso8601": "2026-01-12T10:00:00+01:00", "ts": "2026-01-12T23:11:00"},
        {"time": "0001-01-01T00:00:00Z", "start_time": "2026-01-12T10:00:00"},
        {"time": "infinity", "ts": AT},
    ]
    assert {each[0] for each in parsed(tmp_path, [json.dumps(of | {"path": "/"}) for of in lines])[1]} == {AT}


@pytest.mark.parametrize(
    ("lines", "said", "hint"),
    [
        (["2026;1;2;home"] * 3, "line 1 is in no format that is known: 2026;1;2;home", "combined"),
        (['{"quand": 1768208400, "quoi": "/etab/3/accueil"}'], "its keys are quand, quoi", "json_fields"),
        (["\x00\x01\x02", "\x00"], "line 1 is in no format", "text in UTF-8"),
        ([W3C_HEADER.replace("cs-uri-stem", "x"), "2026-01-12 09:00:00 10.0.0.1 GET /"], "line 2 is in no", "W3C"),
        ([combined(ONE)] + ["what is this"] * 2, "2 of 3 lines", "combined"),
    ],
)  # fmt: skip
def test_other_formats_are_refused_with_line_beginning_and_remedy(tmp_path: Path, lines, said: str, hint: str) -> None:
    """Exit code 2, unless most lines can be read."""
    with pytest.raises(UsageError) as caught:
        parsed(tmp_path, lines)
    assert said in str(caught.value)
    assert hint in caught.value.hint


PIECES = st.sampled_from([
    "192.0.2.1", "10.0.0.1, ", " - - ", "[12/Jan/2026:10:00:00 +0100]", '"GET / HTTP/1.1"', " 200 ", '"', "\\", "{",
    "}", '{"time": 1768208400, ', '"path": "/"', "ent.fr:443 ", "<1>1 ", "2026-01-12T10:00:00Z", " stdout F ", "|",
    "web-1  | ", "[", "#Fields: date time c-ip", "\t", "\r", "\n", "\x00", "\ufeff", "�", "9" * 400, "%s", "'", ";",
    "$", "\x85", "\u2028", "é", combined(ONE) + "\n", '{"log": "', "]", ",", ":",
])  # fmt: skip
MADE = st.lists(PIECES, max_size=100).map("".join)
RAW = st.one_of(
    st.binary(max_size=200), MADE.map(str.encode), MADE.map(lambda of: of.encode("utf-16")),
    st.binary().map(gzip.compress),
)  # fmt: skip


@settings(max_examples=60 if FULL else 10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=RAW)
def test_nothing_that_a_file_holds_is_a_traceback(tmp_path: Path, raw: bytes) -> None:
    """Any bytes, and pieces of every format in any order, are read or refused, each line counted once."""
    (tmp_path / "any.log").write_bytes(raw)
    log, files = AccessLog(reading.load()[0]), LogFiles([tmp_path / "any.log"])
    refused = []
    try:
        log.read(files)
        observe(log, files.paths)
    except EntsurgeError as error:
        refused.append(error.exit_code)
    assert refused in ([], [2])
    assert sum(log.counts.kinds.values()) == log.counts.lines
