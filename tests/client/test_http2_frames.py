"""Our framing of HTTP/2: what RFC 9113 says of each frame, the same as jh2, and no error but its own whatever comes."""

import struct
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jh2._hazmat import Encoder
from jh2.config import H2Configuration
from jh2.connection import H2Connection
from jh2.events import DataReceived, RequestReceived, ResponseReceived, StreamEnded, StreamReset
from jh2.settings import SettingCodes, Settings
from tests.client.test_http2_fuzz import ORIGIN, Told

from entsurge.client import http2_frames as h2
from entsurge.client.dialing import Dialed
from entsurge.client.forgiving import LARGEST_HEAD
from entsurge.client.http2 import Http2Connection
from entsurge.client.http2_frames import ErrorCode, frame, reset, window_update
from entsurge.client.http2_framing import MOST_CONTINUATIONS, Frames, HeadTooLarge
from entsurge.client.http2_sending import MOST_UNSENT_ANSWERS, FramingBroken
from entsurge.client.http2_stream import Asked, Batch, Stream

FIELDS = [(b":method", b"GET"), (b":authority", b"a"), (b":scheme", b"https"), (b":path", b"/")]
OK = b"\x88"  # :status 200, of the static table
BOTH = h2.END_HEADERS | h2.END_STREAM


class Heard:
    """Keeps what it is called with; `refuse` ends each stream at its first piece of a body, as a limit does."""

    def __init__(self, frames, *, refuse=False):
        self.frames, self.refuse, self.calls = frames, refuse, []

    def head(self, stream, fields):
        self.calls.append(("head", stream.number, tuple(fields)))

    def interim(self, stream):
        self.calls.append(("interim", stream.number))

    def data(self, stream, data):
        self.calls.append(("data", stream.number, data))
        if self.refuse:
            self.frames.cancel(stream.number)

    def ended(self, stream):
        self.calls.append(("ended", stream.number))

    def was_reset(self, stream, code):
        self.calls.append(("reset", stream.number, int(code)))

    def goodbye(self, last, code, words):
        self.calls.append(("goodbye", last, code, words))

    def take(self, *pieces):
        """Take in these pieces; what has been heard since then."""
        self.calls = []
        for each in pieces:
            self.frames.take(each, self)
        return self.calls


def stream(body=None, fields=FIELDS):
    """A request that nobody waits for."""
    return Stream(Asked(fields, body), Batch(0, 1, lambda _: None))


def begun(*bodies, refuse=False):
    """A connection with a stream for each of these bodies, the greeting and the heads sent."""
    frames = Frames()
    streams = [stream(body) for body in bodies]
    for each in streams:
        frames.open(each)
    frames.unsent()
    return Heard(frames, refuse=refuse), streams


def parsed(data):
    """Frames as they were written: type, flags, stream, payload."""
    found = []
    while data:
        word, flags, number = struct.unpack(">IBI", data[:9])
        found.append((word & 0xFF, flags, number, data[9 : 9 + (word >> 8)]))
        data = data[9 + (word >> 8) :]
    return found


# -- known answers -----------------------------------------------------------------------------------------------------


def test_the_greeting_is_what_servers_have_always_seen() -> None:
    """The preface, four settings, the connection's window: byte by byte."""
    assert h2.GREETING[:24] == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    assert h2.GREETING[24:].hex(" ") == (
        "00 00 18 04 00 00 00 00 00 00 01 00 01 00 00 00 02 00 00 00 00 00 04 00 60 00 00 00 06 00 04 00 00 "
        "00 00 04 08 00 00 00 00 00 00 ef 00 01"
    )
    assert Frames().unsent() == h2.GREETING


@pytest.mark.parametrize(
    ("made", "wire"),
    [
        (h2.SETTINGS_ACK, "00 00 00 04 01 00 00 00 00"),
        (reset(5, 8), "00 00 04 03 00 00 00 00 05 00 00 00 08"),
        (window_update(1, 2**31 - 1), "00 00 04 08 00 00 00 00 01 7f ff ff ff"),
        (frame(h2.DATA, b"ab", flags=1, stream=3), "00 00 02 00 01 00 00 00 03 61 62"),
        (h2.settings({4: 65_535}), "00 00 06 04 00 00 00 00 00 00 04 00 00 ff ff"),
    ],
)
def test_frames_are_written_as_the_rfc_draws_them(made, wire) -> None:
    """Length, type, flags, stream, payload (RFC 9113, 4.1)."""
    assert made.hex(" ") == wire


LAST_OF_C6 = (
    "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f36"
    "72c1ab270fb5291f9587316065c003ed4ee5b1063d5007"
)


def test_the_answers_of_rfc_7541_are_read() -> None:
    """Its appendix C.6: three heads, each building on those before."""
    heard, _ = begun(None, None, None)
    blocks = [
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
        "4883640effc1c0bf",
        LAST_OF_C6,
    ]
    frames = [frame(h2.HEADERS, bytes.fromhex(each), flags=BOTH, stream=1 + 2 * at) for at, each in enumerate(blocks)]
    calls = heard.take(*frames)
    heads = [dict(each[2]) for each in calls if each[0] == "head"]
    assert [each[b":status"] for each in heads] == [b"302", b"307", b"200"]
    assert {each[b"location"] for each in heads} == {b"https://www.example.com"}
    assert heads[2][b"set-cookie"] == b"foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
    assert [each[:2] for each in calls if each[0] == "ended"] == [("ended", 1), ("ended", 3), ("ended", 5)]


def test_codes_have_their_names() -> None:
    """With what can be done, where something can; others as numbers."""
    assert h2.told(8) == "CANCEL"
    assert h2.told(13).endswith('say http = "1.1" in the target file')
    assert h2.told(0xBEEF) == "error 0xbeef"


# -- what comes --------------------------------------------------------------------------------------------------------

WHOLE = b"".join(
    (
        h2.settings({3: 100, 0x9999: 7}),
        frame(h2.HEADERS, b"\x08\x03103", flags=h2.END_HEADERS, stream=1),
        frame(h2.HEADERS, b"\x03\0\0\0\0\x10" + OK + b"pad", flags=h2.PADDED | h2.WITH_PRIORITY, stream=1),
        frame(h2.CONTINUATION, b"", stream=1),
        frame(h2.CONTINUATION, b"\x5f\x09text/html", flags=h2.END_HEADERS, stream=1),
        frame(h2.PING, b"12345678"),
        frame(h2.DATA, b"\x02body??", flags=h2.PADDED, stream=1),
        frame(h2.PRIORITY, b"\0\0\0\x01\x10", stream=1),
        frame(200, b"unknown", stream=77),
        frame(h2.HEADERS, OK + b"\xbe", flags=h2.END_HEADERS, stream=3),
        frame(h2.HEADERS, b"\x00\x05x-end\x011", flags=BOTH, stream=1),
        frame(h2.DATA, flags=h2.END_STREAM, stream=3),
        window_update(0, 1),
        frame(h2.HEADERS, b"\x89", flags=BOTH, stream=5),
        reset(7, 7),
        frame(h2.GOAWAY, struct.pack(">II", 7, 0) + b"bye"),
    )
)
HTML = (b"content-type", b"text/html")
CALLS = [
    ("interim", 1),
    ("head", 1, ((b":status", b"200"), HTML)),
    ("data", 1, b"body"),
    ("head", 3, ((b":status", b"200"), HTML)),
    ("ended", 1),
    ("ended", 3),
    ("head", 5, ((b":status", b"204"),)),
    ("ended", 5),
    ("reset", 7, 7),
    ("goodbye", 7, 0, b"bye"),
]


def test_a_conversation_may_be_cut_at_every_byte() -> None:
    """Every kind of frame; in two pieces at each byte, and byte by byte."""
    cuts = [[WHOLE], [WHOLE[at : at + 1] for at in range(len(WHOLE))]]
    cuts += [[WHOLE[:at], WHOLE[at:]] for at in range(1, len(WHOLE))]
    for pieces in cuts:
        heard, _ = begun(None, None, None, None)
        assert heard.take(*pieces) == CALLS
        assert heard.frames.unsent() == h2.SETTINGS_ACK + frame(h2.PING, b"12345678", flags=h2.ACK)
        assert heard.frames.streams == {}


H, D, E = h2.HEADERS, h2.DATA, ErrorCode
HEAD1 = frame(H, OK, flags=h2.END_HEADERS, stream=1)
FAULTS = {
    "a frame too large": (struct.pack(">IBI", 16_385 << 8 | 99, 0, 0), E.FRAME_SIZE_ERROR),
    "a body of nobody": (frame(D, b"x", stream=0), E.PROTOCOL_ERROR),
    "a body nobody asked for": (frame(D, b"x", stream=3), E.PROTOCOL_ERROR),
    "a body on the server's stream": (frame(D, b"x", stream=2), E.PROTOCOL_ERROR),
    "a body before its head": (frame(D, b"x", stream=1), E.PROTOCOL_ERROR),
    "padding alone": (HEAD1 + frame(D, b"\x01", flags=h2.PADDED, stream=1), E.PROTOCOL_ERROR),
    "no padding at all": (HEAD1 + frame(D, b"", flags=h2.PADDED, stream=1), E.PROTOCOL_ERROR),
    "a head of nobody": (frame(H, OK, flags=BOTH), E.PROTOCOL_ERROR),
    "a head nobody asked for": (frame(H, OK, flags=BOTH, stream=3), E.PROTOCOL_ERROR),
    "a head on the server's stream": (frame(H, OK, flags=BOTH, stream=2), E.PROTOCOL_ERROR),
    "a head of padding": (frame(H, b"\x09" + OK, flags=BOTH | h2.PADDED, stream=1), E.PROTOCOL_ERROR),
    "half a priority": (frame(H, b"\0\0", flags=BOTH | h2.WITH_PRIORITY, stream=1), E.FRAME_SIZE_ERROR),
    "a head that is none": (frame(H, b"\xff" * 20, flags=BOTH, stream=1), E.COMPRESSION_ERROR),
    "a head cut short": (frame(H, b"\x40\x7f", flags=BOTH, stream=1), E.COMPRESSION_ERROR),
    "a table beyond ours": (frame(H, b"\x3f\xe2\xff\x03" + OK, flags=BOTH, stream=1), E.COMPRESSION_ERROR),
    "something in a head": (frame(H, OK, stream=1) + frame(h2.PING, b"12345678"), E.PROTOCOL_ERROR),
    "the unknown in a head": (frame(H, OK, stream=1) + frame(99), E.PROTOCOL_ERROR),
    "another's continuation": (frame(H, OK, stream=1) + frame(h2.CONTINUATION, stream=3), E.PROTOCOL_ERROR),
    "a continuation of nothing": (frame(h2.CONTINUATION, OK, stream=1), E.PROTOCOL_ERROR),
    "a continuation of nobody": (frame(h2.CONTINUATION, OK), E.PROTOCOL_ERROR),
    "an interim end": (frame(H, b"\x08\x03103", flags=BOTH, stream=1), E.PROTOCOL_ERROR),
    "an interim answer too late": (HEAD1 + frame(H, b"\x08\x03103", flags=4, stream=1), E.PROTOCOL_ERROR),
    "trailers without an end": (HEAD1 + HEAD1, E.PROTOCOL_ERROR),
    "a priority of nobody": (frame(h2.PRIORITY, b"12345"), E.PROTOCOL_ERROR),
    "a long priority": (frame(h2.PRIORITY, b"123456", stream=1), E.FRAME_SIZE_ERROR),
    "a reset of nobody": (reset(0, 8), E.PROTOCOL_ERROR),
    "a short reset": (frame(h2.RST_STREAM, b"123", stream=1), E.FRAME_SIZE_ERROR),
    "settings of a stream": (frame(h2.SETTINGS, stream=1), E.PROTOCOL_ERROR),
    "half a setting": (frame(h2.SETTINGS, b"123"), E.FRAME_SIZE_ERROR),
    "an answer with settings": (frame(h2.SETTINGS, b"123456", flags=h2.ACK), E.FRAME_SIZE_ERROR),
    "a setting of pushes": (h2.settings({2: 2}), E.PROTOCOL_ERROR),
    "too large a first window": (h2.settings({4: 2**31}), E.FLOW_CONTROL_ERROR),
    "too small frames": (h2.settings({5: 16_383}), E.PROTOCOL_ERROR),
    "too large frames": (h2.settings({5: 2**24}), E.PROTOCOL_ERROR),
    "a setting of CONNECT": (h2.settings({8: 2}), E.PROTOCOL_ERROR),
    "a push": (frame(h2.PUSH_PROMISE, b"\0\0\0\x02" + OK, flags=4, stream=1), E.PROTOCOL_ERROR),
    "a ping on a stream": (frame(h2.PING, b"12345678", stream=1), E.PROTOCOL_ERROR),
    "a short ping": (frame(h2.PING, b"1"), E.FRAME_SIZE_ERROR),
    "a goodbye on a stream": (frame(h2.GOAWAY, bytes(8), stream=1), E.PROTOCOL_ERROR),
    "a short goodbye": (frame(h2.GOAWAY, bytes(7)), E.FRAME_SIZE_ERROR),
    "a short window": (frame(h2.WINDOW_UPDATE, b"123"), E.FRAME_SIZE_ERROR),
    "a window of nothing": (window_update(0, 0), E.PROTOCOL_ERROR),
    "a stream's window of nothing": (window_update(1, 0), E.PROTOCOL_ERROR),
    "a window of nobody": (window_update(3, 1), E.PROTOCOL_ERROR),
    "a window beyond the largest": (window_update(0, 2**31 - 1), E.FLOW_CONTROL_ERROR),
}


@pytest.mark.parametrize("what", FAULTS)
def test_what_is_no_http2_is_said_with_its_code(what) -> None:
    """One fault each, on a connection with one request under way."""
    data, code = FAULTS[what]
    heard, _ = begun(None)
    with pytest.raises(FramingBroken) as broken:
        heard.take(data)
    assert broken.value.code is code
    assert str(broken.value).startswith(code.name)


def test_what_was_whole_before_a_fault_counts() -> None:
    """An answer, then junk, in one piece."""
    heard, _ = begun(None)
    with pytest.raises(FramingBroken):
        heard.take(frame(H, OK, flags=BOTH, stream=1) + frame(h2.PING))
    assert [each[0] for each in heard.calls] == ["head", "ended"]


def test_frames_on_streams_that_have_ended_are_passed_over() -> None:
    """What was under way when a stream was cancelled: nothing is said, and its head still counts for the next."""
    heard, _ = begun(None, None)
    heard.frames.cancel(1)
    heard.frames.unsent()
    head = frame(H, OK + b"\x40\x03x-a\x011", flags=h2.END_HEADERS, stream=1)
    late = [frame(D, b"x", stream=1), window_update(1, 5), reset(1, 0), frame(H, b"\xbe", flags=BOTH, stream=1)]
    assert heard.take(head, *late) == []
    assert heard.take(frame(H, OK + b"\xbe", flags=BOTH, stream=3))[0][2] == ((b":status", b"200"), (b"x-a", b"1"))
    assert heard.frames.unsent() == b""


def test_who_is_refused_in_the_middle_is_not_ended_too() -> None:
    """The last piece of a body is too much: no end is heard of, and nothing more."""
    heard, _ = begun(None, refuse=True)
    assert [each[0] for each in heard.take(HEAD1 + frame(D, b"x", flags=h2.END_STREAM, stream=1))] == ["head", "data"]
    assert heard.take(frame(D, b"y", stream=1)) == []
    assert heard.frames.unsent() == reset(1, 8)


# -- limits ------------------------------------------------------------------------------------------------------------


def test_a_head_in_too_many_frames_is_none() -> None:
    """CONTINUATION without end, of nothing."""
    heard, _ = begun(None)
    heard.take(frame(H, OK, stream=1), *[frame(h2.CONTINUATION, stream=1)] * (MOST_CONTINUATIONS - 1))
    with pytest.raises(FramingBroken, match="frames"):
        heard.take(frame(h2.CONTINUATION, stream=1))


def test_a_head_of_too_many_bytes_is_too_large() -> None:
    """CONTINUATION without end, of something: no more of it is kept than a head may have."""
    heard, _ = begun(None)
    heard.take(frame(H, OK, stream=1))
    with pytest.raises(HeadTooLarge):
        heard.take(*[frame(h2.CONTINUATION, bytes(16_384), stream=1)] * 20)
    assert heard.frames._block_size <= LARGEST_HEAD + 16_384


@pytest.mark.parametrize(("times", "goes"), [(60, True), (70, False)])
def test_a_small_head_that_unpacks_to_a_large_one_is_too_large(times, goes) -> None:
    """4,000 bytes in the table, said again and again with a byte: up to LARGEST_HEAD, and no further."""
    heard, _ = begun(None)
    literal = b"\x40\x01x\x7f" + bytes((0x80 | (4000 - 127) & 0x7F, (4000 - 127) >> 7)) + b"y" * 4000
    data = frame(H, OK + literal + b"\xbe" * (times - 1), flags=BOTH, stream=1)
    if goes:
        assert len(heard.take(data)[0][2]) == times + 1
        return
    with pytest.raises(HeadTooLarge):
        heard.take(data)


@pytest.mark.parametrize("data", [frame(h2.PING, b"12345678"), frame(h2.SETTINGS)])
def test_what_asks_for_answers_without_reading_them_has_its_end(data) -> None:
    """Answers that nobody sends pile up to a limit; once they are sent, the count begins anew."""
    heard, _ = begun(None)
    for _ in range(3):
        heard.take(data * MOST_UNSENT_ANSWERS)
        heard.frames.unsent()
    with pytest.raises(FramingBroken, match="ENHANCE_YOUR_CALM"):
        heard.take(data * (MOST_UNSENT_ANSWERS + 1))


def test_numbers_have_an_end() -> None:
    """The last one is used; whoever comes after it is asked again elsewhere, and nobody waits for ever."""
    answer = frame(H, OK, flags=BOTH, stream=2**31 - 1)
    connection = Http2Connection(ORIGIN, Dialed(Told([answer])))
    connection._frames._last = 2**31 - 3
    first, second = connection.ask([Asked(FIELDS), Asked(FIELDS)], 2**62)
    assert (first.status, first.error) == (200, None)
    assert second.error.unprocessed
    assert not connection.open


# -- windows -----------------------------------------------------------------------------------------------------------


def test_windows_are_given_back_by_halves() -> None:
    """Nothing for small bodies; a stream's half and the connection's half as soon as they have come, padding too."""
    heard, _ = begun(None, None)
    heard.take(HEAD1, frame(H, OK, flags=h2.END_HEADERS, stream=3))
    piece = bytes([99]) + bytes(16_383)
    sent, per_stream = 0, h2.STREAM_WINDOW // 2
    while sent + 16_384 < per_stream:
        heard.take(frame(D, piece, flags=h2.PADDED, stream=1))
        sent += 16_384
    assert heard.frames.unsent() == b""
    heard.take(frame(D, piece, flags=h2.PADDED, stream=1))
    assert heard.frames.unsent() == window_update(1, per_stream)
    for _ in range((h2.CONNECTION_WINDOW // 2 - per_stream) // 16_384):
        heard.take(frame(D, piece, stream=3))
    assert parsed(heard.frames.unsent()) == parsed(
        window_update(3, per_stream) + window_update(0, h2.CONNECTION_WINDOW // 2)
    )


def test_no_window_for_what_has_ended() -> None:
    """The half that ends the stream is given back to the connection alone; so is what is passed over."""
    heard, _ = begun(None, None)
    heard.take(HEAD1)
    pieces = h2.STREAM_WINDOW // 2 // 16_384
    heard.take(*[frame(D, bytes(16_384), stream=1)] * (pieces - 1))
    heard.take(frame(D, bytes(16_384), flags=h2.END_STREAM, stream=1))
    assert heard.frames.unsent() == b""
    heard.take(*[frame(D, bytes(16_384), stream=1)] * (h2.CONNECTION_WINDOW // 2 // 16_384 - pieces))
    assert heard.frames.unsent() == window_update(0, h2.CONNECTION_WINDOW // 2)


def body_sent(frames, each):
    """What is sent of a body just now: its pieces, and whether it ends there."""
    frames.send_body(each)
    found = parsed(frames.unsent())
    assert {(kind, number) for kind, _, number, _ in found} <= {(h2.DATA, each.number)}
    return [len(payload) for *_, payload in found], bool(found and found[-1][1] & h2.END_STREAM)


def test_bodies_keep_to_every_window() -> None:
    """The connection's, the stream's, one that becomes negative, and the size of frames."""
    heard, (first, second) = begun(b"x" * 100_000, b"y" * 10)
    frames = heard.frames
    assert body_sent(frames, first) == ([16_384] * 3 + [16_383], False)
    assert body_sent(frames, second) == ([], False)
    heard.take(window_update(0, 2**31 - 1))
    assert body_sent(frames, first) == ([], False)
    assert body_sent(frames, second) == ([10], True)
    heard.take(h2.settings({h2.INITIAL_WINDOW_SIZE: 1000}), window_update(1, 64_535))
    assert frames.unsent() == h2.SETTINGS_ACK
    assert body_sent(frames, first) == ([], False)
    heard.take(h2.settings({h2.MAX_FRAME_SIZE: 20_000, h2.INITIAL_WINDOW_SIZE: 66_000}))
    assert frames.unsent() == h2.SETTINGS_ACK
    assert body_sent(frames, first) == ([20_000, 14_465], True)
    assert first.unsent is None


def test_a_streams_window_beyond_the_largest_ends_that_stream() -> None:
    """FLOW_CONTROL_ERROR, here and there; by a setting it is the whole connection's end."""
    heard, (_, second) = begun(b"x", b"y")
    assert heard.take(window_update(1, 2**31 - 1)) == [("reset", 1, ErrorCode.FLOW_CONTROL_ERROR)]
    assert heard.frames.unsent() == reset(1, ErrorCode.FLOW_CONTROL_ERROR)
    heard.take(window_update(3, 2**31 - 1 - second.window))
    with pytest.raises(FramingBroken, match="FLOW_CONTROL_ERROR"):
        heard.take(h2.settings({h2.INITIAL_WINDOW_SIZE: h2.DEFAULT_WINDOW + 1}))


# -- what goes ---------------------------------------------------------------------------------------------------------


def server():
    """jh2's server, which checks what it is sent."""
    side = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    side.initiate_connection()
    return side


def requests(side, data):
    """The requests that a server reads in these bytes."""
    found = [each for each in side.receive_data(data) if isinstance(each, RequestReceived)]
    return [(each.stream_id, [(bytes(name), bytes(value)) for name, value in each.headers]) for each in found]


def test_long_heads_go_on_in_other_frames() -> None:
    """70 kB: in the frames that the server takes, its fields whole; the next head, which builds on it, too."""
    side, frames = server(), Frames()
    fields = [*FIELDS, *((b"x-%d" % number, b"\xff" * 1000) for number in range(20))]
    for wanted in (fields, FIELDS):
        frames.open(stream(fields=wanted))
    data = frames.unsent()
    assert [kind for kind, *_ in parsed(data[len(h2.GREETING) :])][:3] == [H, h2.CONTINUATION, h2.CONTINUATION]
    assert requests(side, data) == [(1, fields), (3, FIELDS)]


@pytest.mark.parametrize("said", [[0], [4096], [65_536, 65_536], [65_536, 20_000], [100, 50, 5000], [2**32 - 1], []])
def test_the_servers_table_is_kept_to(said) -> None:
    """Whatever sizes it says between two heads: both are understood by whoever keeps to the last of them."""
    side, frames = server(), Frames()
    heard, wanted = Heard(frames), [*FIELDS, (b"x-long", b"v" * 300)]
    for values in (said, [1000], said):
        for value in values:
            heard.take(h2.settings({h2.HEADER_TABLE_SIZE: value}))
            side.decoder.max_allowed_table_size = min(value, h2.LARGEST_TABLE)
        for _ in range(2):
            frames.open(stream(fields=wanted))
            assert [each for _, each in requests(side, frames.unsent())] == [wanted]


# -- beside jh2 --------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from([b"server", b"x-a", b"x-b", b"content-type", b"etag"])
HEADS = st.lists(st.tuples(NAMES, st.binary(max_size=30).map(bytes.hex).map(str.encode)), max_size=5)
STEPS = st.one_of(
    st.tuples(st.just("answer"), HEADS, st.binary(max_size=100), st.booleans()),
    st.tuples(st.just("interim"), HEADS),
    st.tuples(st.just("reset"), st.integers(0, 20)),
    st.tuples(st.just("ping"), st.binary(min_size=8, max_size=8)),
    st.tuples(
        st.just("settings"),
        st.dictionaries(st.sampled_from([3, 4, 5]), st.integers(20_000, 100_000), min_size=1),
    ),
)


def spoken(side, step, number):
    """Let a server do this on a stream, if it has to do with one; whether the stream has ended."""
    match step:
        case "answer", fields, body, trailers:
            side.send_headers(number, [(b":status", b"200"), *fields])
            side.send_data(number, body[:50], end_stream=False, pad_length=len(body) % 7 or None)
            side.send_data(number, body[50:], end_stream=not trailers)
            if trailers:
                side.send_headers(number, [(b"x-end", b"1")], end_stream=True)
        case "interim", fields:
            side.send_headers(number, [(b":status", b"103"), *fields])
            return False
        case "reset", code:
            side.reset_stream(number, code)
        case "ping", data:
            side.ping(data)
            return False
        case "settings", values:
            side.update_settings(values)
            return False
    return True


def told_by_jh2(events):
    """What jh2 makes of it, in the words of `Heard`."""
    found = []
    for event in events:
        if isinstance(event, ResponseReceived):
            fields = tuple((bytes(name), bytes(value)) for name, value in event.headers)
            found.append(("head", event.stream_id, fields))
        elif isinstance(event, DataReceived) and event.data:
            found.append(("data", event.stream_id, bytes(event.data)))
        elif isinstance(event, StreamEnded):
            found.append(("ended", event.stream_id))
        elif isinstance(event, StreamReset):
            found.append(("reset", event.stream_id, int(event.error_code)))
    return found


def jh2_client():
    """jh2's client with our settings, as we had it before."""
    config = H2Configuration(
        client_side=True, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False,
        validate_inbound_headers=False,
    )  # fmt: skip
    side = H2Connection(config)
    ours = {1: 65_536, 2: 0, 4: h2.STREAM_WINDOW, 6: LARGEST_HEAD}
    side.local_settings = Settings(client=True, initial_values=ours)
    side.remote_settings = Settings(
        client=False, initial_values={SettingCodes.HEADER_TABLE_SIZE: 4096, SettingCodes.INITIAL_WINDOW_SIZE: 65_535}
    )
    side.initiate_connection()
    side.increment_flow_control_window(h2.CONNECTION_WINDOW - 65_535)
    return side


@given(st.lists(STEPS, max_size=12), st.integers(1, 300))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_hears_and_says_what_jh2_does(steps, cut) -> None:
    """A real server's answers, cut anywhere: the same heads, bodies and ends; every byte that is sent, the same."""
    frames, theirs, side, number = Frames(), jh2_client(), server(), 1
    heard = Heard(frames)
    for step in steps:
        if number not in frames.streams:
            frames.open(stream())
            theirs.send_headers(number, FIELDS, end_stream=True)
        sent = frames.unsent()
        assert sent == theirs.data_to_send()
        side.receive_data(sent)
        ended = spoken(side, step, number)
        data = side.data_to_send()
        calls = heard.take(*[data[at : at + cut] for at in range(0, len(data), cut)])
        assert [each for each in calls if each[0] != "interim"] == told_by_jh2(theirs.receive_data(data))
        assert ("interim", number) not in calls or step[0] == "interim"
        number += 2 if ended else 0
    assert frames.unsent() == theirs.data_to_send()


# -- whatever comes ----------------------------------------------------------------------------------------------------

BLOCKS = st.one_of(st.just(OK), st.binary(max_size=40), st.lists(st.tuples(NAMES, st.binary(max_size=9))).map(
    lambda fields: Encoder().encode([(b":status", b"200", False), *((*each, False) for each in fields)])
))  # fmt: skip
ANY_FRAME = st.builds(
    lambda kind, payload, flags, number: frame(kind, payload, flags=flags, stream=number),
    st.one_of(st.integers(0, 10), st.integers(0, 255)),
    st.one_of(BLOCKS, st.binary(max_size=20), st.sampled_from([bytes(4), bytes(6), b"12345678"])),
    st.integers(0, 255),
    st.one_of(st.integers(0, 8), st.integers(0, 2**32 - 1)),
)
JUNK = st.lists(st.one_of(ANY_FRAME, st.binary(max_size=30), st.just(HEAD1)), max_size=10).map(b"".join)


@given(JUNK, st.integers(1, 50))
@example(frame(H, b"\x40\x7f", flags=BOTH, stream=1), 50)
@settings(max_examples=1000)
def test_nothing_comes_of_junk_but_its_own_error(junk, cut) -> None:
    """Frames of any kind and any bytes: taken in, or refused; the same when it is cut, whatever was whole is heard."""
    outcomes = []
    for size in (cut, len(junk) or 1):
        heard, _ = begun(None, b"body", None)
        said = SimpleNamespace(error="")
        try:
            heard.take(*[junk[at : at + size] for at in range(0, len(junk), size)])
        except FramingBroken as error:
            said.error = str(error)
        outcomes.append((heard.calls, said.error, heard.frames.unsent()))
    assert outcomes[0] == outcomes[1]
