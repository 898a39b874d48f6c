"""Chat rooms and video classes: who gets in, what is heard, and what ends it."""

import json
import time
from contextlib import ExitStack

import httpx
import pytest
import websocket
from tests.entsandbox.conftest import running
from tests.entsandbox.portal.live import live_people as people

from entsandbox.live_limits import LiveLimits
from entsandbox.portal.live.links import STAFF_ROOM, Links, rooms_of
from entsandbox.settings import Settings
from entsurge.errors import UsageError
from entsurge.population import Population

PEOPLE = Population(1)
CLASS = PEOPLE.person("student", 0).classes[0]
MATES = [person for person in (PEOPLE.person("student", n) for n in range(60)) if CLASS in person.classes]
TEACHERS = [PEOPLE.person("teacher", n) for n in range(PEOPLE.per_school("teacher"))]
TEACHER = next(person for person in TEACHERS if CLASS in person.classes)
STRANGER = next(person for person in TEACHERS if CLASS not in person.classes)
ELSEWHERE = next(person for person in (PEOPLE.person("student", n) for n in range(180, 240)) if CLASS in person.classes)
LIMITS = {"chat_places": 3, "video_places": 2, "heartbeat_seconds": 4, "video_kbps": 400, "chat_characters": 100}


@pytest.fixture(scope="module")
def live():
    """A sandbox with small rooms."""
    with running("--service-seconds", "0", *(f"--live={name}={value}" for name, value in LIMITS.items())) as started:
        yield started


@pytest.fixture
def enter(live):
    """Has people enter rooms of the shared sandbox; they leave at the test's end."""
    with ExitStack() as stack:
        yield lambda person, path, room=None, at=live: stack.enter_context(people.inside(at, person, path, room))


def metric(sandbox, name):
    text = httpx.get(f"{sandbox.url}/metrics").text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


def eventually(condition, seconds=10):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.02)


# -- who gets in -----------------------------------------------------------------------------------------------------


def test_rooms_belong_to_classes():
    """Pupils have their class's room, teachers those of theirs, staff their own; parents none."""
    assert rooms_of("chat", MATES[0]) == rooms_of("video-class", MATES[0]) == (CLASS,)
    assert rooms_of("chat", TEACHER) == (*TEACHER.classes, STAFF_ROOM)
    assert rooms_of("video-class", TEACHER) == TEACHER.classes
    assert rooms_of("chat", PEOPLE.person("staff", 0)) == (STAFF_ROOM,)
    assert rooms_of("chat", PEOPLE.person("parent", 0)) == ()


def test_a_link_is_one_persons_for_one_room_and_some_minutes():
    """Another person, service, room, school or end, and a changed seal are forged; late is expired."""
    now = [1000.0]
    made = Links(b"secret", 300, clock=lambda: now[0])
    link = made.of(MATES[0], "chat", "chat")[CLASS]
    query = dict(httpx.URL(link).params)
    assert made.fault(MATES[0], "chat", CLASS, query) == ""
    assert made.fault(MATES[1], "chat", CLASS, query) == "forged"
    assert made.fault(ELSEWHERE, "chat", CLASS, query) == "forged"
    assert made.fault(MATES[0], "video-class", CLASS, query) == "forged"
    assert made.fault(MATES[0], "chat", "2DE2", query) == "forged"
    assert made.fault(MATES[0], "chat", CLASS, query | {"jusqu-a": "9999999999"}) == "forged"
    assert made.fault(MATES[0], "chat", CLASS, query | {"sceau": "é"}) == "forged"
    assert made.fault(MATES[0], "chat", CLASS, {}) == "forged"
    assert Links(b"other", 300, clock=lambda: now[0]).fault(MATES[0], "chat", CLASS, query) == "forged"
    now[0] += 301
    assert made.fault(MATES[0], "chat", CLASS, query) == "expired"


def refused(sandbox, client, link, **more):
    """Status and reason of a socket that is not opened."""
    with pytest.raises(websocket.WebSocketBadStatusException) as error:
        people.connect(sandbox, client, link, **more)
    body = error.value.resp_body or b"{}"
    return error.value.status_code, json.loads(body).get("reason") if body.startswith(b"{") else body.decode()


def test_only_who_belongs_to_the_class_gets_in(live):
    """Another class's teacher, a namesake class's pupil of another school, and nobody's session: 403."""
    with live.client() as pupil, live.client() as stranger, live.client() as elsewhere, live.client() as nobody:
        live.sign_on(pupil, MATES[0])
        live.sign_on(stranger, STRANGER)
        live.sign_on(elsewhere, ELSEWHERE)
        link = people.links(pupil, MATES[0], "chat")[CLASS]
        assert refused(live, stranger, link) == (403, "forged")
        assert refused(live, elsewhere, link) == (403, "session")
        assert refused(live, nobody, link) == (403, "session")
        their_own = people.links(elsewhere, ELSEWHERE, "chat")[CLASS]
        assert refused(live, elsewhere, their_own.replace(ELSEWHERE.uai, MATES[0].uai)) == (403, "session")
        assert refused(live, pupil, link.replace("/chat/", "/visio/")) == (403, "forged")
        assert refused(live, pupil, link.replace("/chat/", "/travail/")) == (404, "unknown")
        assert refused(live, pupil, link[:-3] + "000") == (403, "forged")
        assert CLASS not in people.links(stranger, STRANGER, "visio")
        assert metric(live, "entsandbox_live_refused_total") >= 6


def test_another_sites_page_is_refused(live):
    """A page of another origin cannot use the visitor's cookies to listen in."""
    with live.client() as pupil:
        live.sign_on(pupil, MATES[0])
        link = people.links(pupil, MATES[0], "chat")[CLASS]
        for origin in ("http://evil.example", live.url + "0", "null"):
            assert refused(live, pupil, link, origin=origin) == (403, "origin")


@pytest.mark.slow
def test_an_expired_link_is_refused(start):
    """What was good a moment ago is not for ever."""
    sandbox = start("--service-seconds", "0", "--live", "link_seconds=1")
    with sandbox.client() as pupil:
        sandbox.sign_on(pupil, MATES[0])
        link = people.links(pupil, MATES[0], "chat")[CLASS]
        people.connect(sandbox, pupil, link).leave()
        until = int(httpx.URL(link).params["jusqu-a"])
        eventually(lambda: time.time() > until)
        assert refused(sandbox, pupil, link) == (403, "expired")


@pytest.mark.slow
def test_a_full_house_says_when_to_come_back(start):
    """Beyond the sockets that may be open: 429, and its reason in the metrics."""
    sandbox = start("--service-seconds", "0", "--live", "sockets=1")
    with people.inside(sandbox, MATES[0], "chat") as first, sandbox.client() as second:
        first.hear("joined")
        sandbox.sign_on(second, MATES[1])
        assert refused(sandbox, second, people.links(second, MATES[1], "chat")[CLASS]) == (429, "full")


# -- chat ------------------------------------------------------------------------------------------------------------


def test_what_is_said_is_heard_and_kept(enter):
    """Everyone hears it, the writer with the id they gave; who comes later reads it; who leaves is missed."""
    first, second = enter(MATES[0], "chat"), enter(MATES[1], "chat")
    assert first.hear("joined")["present"] == 1
    assert first.hear("presence", who=MATES[1].login, state="came")["present"] == 2
    first.say(type="say", id="a1", text="Bonjour à tous & <b>merci</b>")
    heard = second.hear("said")
    assert (heard["who"], heard["text"]) == (MATES[0].login, "Bonjour à tous & <b>merci</b>")
    assert first.hear("said", id="a1")["number"] == heard["number"]
    assert heard["number"] in [each["number"] for each in enter(TEACHER, "chat", CLASS).hear("joined")["history"]]
    second.leave()
    assert first.hear("presence", who=MATES[1].login, state="left")["present"] == 2


def test_what_was_said_can_be_taken_back_by_its_author(live):
    """With the page's token, and by nobody else: then it is no longer read."""
    with live.client() as pupil, live.client() as other:
        for browser, person in ((pupil, MATES[7]), (other, MATES[8])):
            live.sign_on(browser, person)
        root = f"/etab/{MATES[7].uai}/chat"
        tokens = [live.hidden(browser.get(root).text, "csrf-token") for browser in (pupil, other)]
        with people.inside(live, MATES[7], "chat") as someone:
            someone.say(type="say", id="t", text="à reprendre")
            number = someone.hear("said", id="t")["number"]
        assert pupil.delete(f"{root}/{number}").status_code == 403
        assert other.delete(f"{root}/{number}", headers={"x-csrf-token": tokens[1]}).status_code == 404
        assert pupil.delete(f"{root}/{number}", headers={"x-csrf-token": tokens[0]}).status_code == 204
        with people.inside(live, MATES[7], "chat") as someone:
            assert number not in [each["number"] for each in someone.hear("joined")["history"]]


def test_rooms_are_apart(enter, live):
    """What is said in one room is not heard in another, nor in the namesake room of another school."""
    here, there = enter(MATES[0], "chat"), enter(ELSEWHERE, "chat")
    staff = enter(PEOPLE.person("staff", 0), "chat")
    for someone in (here, there, staff):
        someone.hear("joined")
    here.say(type="say", id="x", text="entre nous")
    here.hear("said")
    for someone in (there, staff):
        someone.say(type="heartbeat", n=7)
        assert someone.next() == {"type": "heartbeat", "n": 7}


def test_a_full_chat_room_has_people_wait(enter):
    """The fourth of three waits, cannot speak, and comes in when somebody goes."""
    inside = [enter(MATES[n], "chat") for n in range(3)]
    for someone in inside:
        someone.hear("joined")
    late = enter(MATES[3], "chat")
    assert late.hear("waiting") == {"type": "waiting", "reason": "full", "position": 1}
    late.say(type="say", id="1", text="laissez-moi entrer")
    assert late.hear("refused")["reason"] == "waiting"
    inside[0].leave()
    assert late.hear("joined")["present"] == 3


def test_messages_are_bounded(enter, live):
    """Too long, not understood, or nothing at all: refused to the writer alone; no JSON closes the socket."""
    someone = enter(MATES[5], "chat")
    someone.hear("joined")
    someone.say(type="say", id="l", text="x" * 101)
    assert someone.hear("refused") == {"type": "refused", "id": "l", "reason": "too-long", "most": 100}
    for nonsense in ({"type": "say", "text": 3}, {"type": "say", "text": "  "}, {"type": "dance"}, {}):
        someone.say(**nonsense)
        assert someone.hear("refused")["reason"] == "not-understood"
    someone.socket.send("[1, 2")
    assert someone.closing() == 1008
    for sent, code in ((" " * 20_000, 1009), ("[" * 15_000, 1008), ("x" * 300_000, 1009)):
        other = enter(MATES[5], "chat")
        other.hear("joined")
        other.socket.send(sent)
        assert other.closing() == code
    binary = enter(MATES[5], "chat")
    binary.socket.send_binary(b"x")
    assert binary.closing() == 1003


def test_a_writer_has_a_rate(enter):
    """More than may be said in a minute is refused, and closes the socket when it does not stop."""
    someone = enter(MATES[6], "chat")
    someone.hear("joined")
    for number in range(40):
        someone.say(type="say", id=str(number), text="encore")
    assert someone.hear("refused")["reason"] == "too-fast"
    assert someone.closing() == 4008


# -- video class -----------------------------------------------------------------------------------------------------


def test_media_has_the_bitrate_that_was_asked_for(enter, live):
    """Each person gets the server's chunks in their order; the bytes of so many are the bitrate's for their seconds."""
    pair = [enter(MATES[0], "visio"), enter(MATES[1], "visio")]
    joined = [someone.hear("joined") for someone in pair]
    assert joined[0]["receive_kbps"] == 400
    assert joined[0]["send_kbps"] == 0
    chunk = LiveLimits(**LIMITS).chunk_bytes(400)
    while min(someone.chunks for someone in pair) < 8:
        heard = [someone.next() for someone in pair]
        assert {each for each in heard if isinstance(each, int)} <= {chunk}
    for someone in pair:
        assert someone.numbers == sorted(set(someone.numbers))
        seconds = someone.chunks * joined[0]["chunk_seconds"]
        assert someone.media_bytes * 8 / 1000 / seconds == pytest.approx(400)
    missed = sum(someone.numbers[-1] - someone.numbers[0] + 1 - someone.chunks for someone in pair)
    assert missed <= metric(live, "entsandbox_live_dropped_chunks_total")
    assert metric(live, "entsandbox_live_media_bytes_total") >= sum(someone.media_bytes for someone in pair)


def test_a_full_class_has_people_wait_and_a_teacher_come_in(enter):
    """First come, first served; positions are told anew; a teacher is never kept waiting."""
    inside = [enter(MATES[n], "visio") for n in range(2)]
    for someone in inside:
        someone.hear("joined")
    waiting = [enter(MATES[2], "visio"), enter(MATES[3], "visio")]
    assert [someone.hear("waiting")["position"] for someone in waiting] == [1, 2]
    teacher = enter(TEACHER, "visio", CLASS)
    assert teacher.hear("joined")["send_kbps"] > 0
    teacher.socket.send_binary(bytes(1000))
    inside[0].leave()
    inside[1].hear("presence", state="left")
    teacher.leave()
    inside[1].hear("presence", state="left")
    assert waiting[0].hear("joined")["present"] == 2
    assert waiting[1].hear("waiting", position=1)
    assert waiting[1].chunks == 0


def test_signals_reach_whom_they_are_for(enter):
    """An offer goes to one person, a raised hand to all; an absent one is said; a pupil sends no media."""
    pupil, teacher = enter(MATES[0], "visio"), enter(TEACHER, "visio", CLASS)
    pupil.hear("joined")
    teacher.hear("joined")
    pupil.say(type="signal", signal="offer", to=TEACHER.login, body={"sdp": "v=0"})
    assert teacher.hear("signal")["body"] == {"sdp": "v=0"}
    teacher.say(type="signal", signal="mute")
    assert pupil.hear("signal")["who"] == TEACHER.login
    pupil.say(type="signal", signal="offer", to="personne", body={})
    assert pupil.hear("refused")["reason"] == "absent"
    pupil.say(type="signal", signal="explode")
    assert pupil.hear("refused")["reason"] == "not-understood"
    pupil.socket.send_binary(b"x")
    assert pupil.closing() == 1003


@pytest.mark.slow
def test_pupils_wait_for_their_teacher_where_one_is_needed(start):
    """Before the teacher: waiting, for that reason; with the teacher: inside."""
    sandbox = start("--service-seconds", "0", "--live", "video_needs_teacher=true")
    with people.inside(sandbox, MATES[0], "visio") as pupil:
        assert pupil.hear("waiting")["reason"] == "teacher"
        with people.inside(sandbox, TEACHER, "visio", CLASS):
            assert pupil.hear("joined")["present"] == 2


# -- what ends it ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_silence_ends_a_socket_and_heartbeats_keep_it(start):
    """Who sends heartbeats stays; who falls silent is put out, and those inside hear of it."""
    sandbox = start("--service-seconds", "0", "--live", "heartbeat_seconds=0.4")
    with people.inside(sandbox, MATES[0], "chat") as alive, people.inside(sandbox, MATES[1], "chat") as silent:
        left = None
        for number in range(40):
            alive.say(type="heartbeat", n=number)
            while (found := alive.next()) != {"type": "heartbeat", "n": number}:
                left = left or (found if found.get("state") == "left" else None)
            if left:
                break
            time.sleep(0.1)
        assert left
        assert silent.closing() == 4001
    eventually(lambda: metric(sandbox, "entsandbox_live_sockets") == 0)


@pytest.mark.slow
def test_a_session_that_ends_ends_its_sockets(start):
    """After signing off, the next heartbeat is the last."""
    sandbox = start("--service-seconds", "0")
    with sandbox.client() as pupil:
        sandbox.sign_on(pupil, MATES[0])
        someone = people.connect(sandbox, pupil, people.links(pupil, MATES[0], "chat")[CLASS])
        someone.hear("joined")
        pupil.get("/cas/logout")
        someone.say(type="heartbeat", n=1)
        assert someone.closing() == 4002
        someone.leave()


def test_a_measure_empties_the_rooms_it_concerns(start):
    """Pupils and teachers first: staff who are inside are told and put out at once; pupils stay."""
    sandbox = start("--service-seconds", "0")
    with (
        people.inside(sandbox, PEOPLE.person("staff", 0), "chat") as staff,
        people.inside(sandbox, MATES[0], "chat") as pupil,
    ):
        staff.hear("joined")
        pupil.hear("joined")
        sandbox.measure("pupils-and-teachers-first")
        assert "réservé aux élèves" in staff.hear("closed")["reason"]
        assert staff.closing() == 4003
        pupil.say(type="heartbeat", n=2)
        assert pupil.hear("heartbeat") == {"type": "heartbeat", "n": 2}


def test_video_off_closes_the_classes_and_lets_nobody_in(start):
    """Switched on while a class goes on: told and put out; a new socket gets the measure's page; chat goes on."""
    sandbox = start("--service-seconds", "0")
    with sandbox.client() as client, people.inside(sandbox, MATES[1], "chat") as talker:
        sandbox.sign_on(client, MATES[0])
        link = people.links(client, MATES[0], "visio")[CLASS]
        watcher = people.connect(sandbox, client, link)
        watcher.hear("joined")
        talker.hear("joined")
        sandbox.measure("video-off")
        assert watcher.hear("closed")["reason"]
        assert watcher.closing() == 4003
        watcher.leave()
        status, page = refused(sandbox, client, link)
        assert status == 200
        assert "suspendue" in page or "fermé" in page, page
        talker.say(type="heartbeat", n=1)
        assert talker.hear("heartbeat")
        sandbox.measure("video-off", on=False)
        again = people.connect(sandbox, client, link)
        again.hear("joined")
        again.leave()
        assert metric(sandbox, 'entsandbox_measure_effects_total{measure="video-off"') >= 2


@pytest.mark.slow
def test_the_sandbox_stops_with_people_inside(start):
    """Told to stop, it closes the rooms (1012) and ends at once."""
    sandbox = start("--service-seconds", "0")
    with people.inside(sandbox, MATES[0], "visio") as someone:
        someone.hear("joined")
        sandbox.process.terminate()
        assert someone.closing() == 1012
        assert sandbox.process.wait(10) == 0
        assert sandbox.process.stderr.read() == ""


# -- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"video_kbps": 0}, "video_kbps"),
        ({"sockets": -1, "heartbeat_seconds": 0}, "heartbeat_seconds"),
        ({"video_kbps": 10_000_000}, "chunk"),
        ({"bitrate": 3}, "bitrate"),
        ({"video_kbps": "many"}, "expected a number"),
        ({"video_kbps": float("inf"), "chat_history": 2.5}, "whole number"),
        ({"video_needs_teacher": "no"}, "true or false"),
        ({"sockets": True}, "whole number"),
        ([], "not an object"),
    ],
)
def test_impossible_limits_are_refused(found, said):
    """Each fault is named, as a mistake of the user's."""
    with pytest.raises(UsageError, match=said):
        LiveLimits.of(found)


def test_limits_travel_with_the_settings():
    """A settings file holds them, and a round trip loses nothing."""
    settings = Settings(live=LiveLimits(video_kbps=123, video_needs_teacher=True))
    assert Settings.from_json(settings.to_json()) == settings
    assert LiveLimits.from_words(["video_kbps=123", "video_needs_teacher=true"]) == settings.live
    for word in ("video_kbps", "video_kbps=", "=", "video_kbps=much"):
        with pytest.raises(UsageError, match="expected NAME=VALUE"):
            LiveLimits.from_words([word])
