"""Heads in HTTP/2: read in one pass, what is remembered of them never changes what is said of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.failure import ProtocolBroken, TooLarge
from entsurge.client.http2_heads import _own_fields, fault_of, is_interim, read_head
from entsurge.client.message import MOST_HEADERS

STATUS = (b":status", b"200")
NAMES = st.sampled_from(
    [b":status", b":path", b":", b"", b"server", b"x-a", b"X-A", b"a b", b"transfer-encoding", b"a\nb", b"a\n:b", b"\n"]
)
VALUES = st.sampled_from([b"200", b"404", b"20", b"2000", b"1\xb2", b"", b"text", b"a\rb", b"a\nb", b"\0", b"\xff"])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.booleans())
def test_a_head_is_read_when_nothing_is_wrong_with_it(fields, status_first) -> None:
    """What is remembered agrees with `fault_of`; the status and the other fields are what they were."""
    if status_first:
        fields = [STATUS, *fields]
    fault = fault_of(fields)
    if fault:
        with pytest.raises(ProtocolBroken) as failed:
            read_head(fields)
        assert str(failed.value) == fault
        return
    status, found = read_head(fields)
    assert (b":status", b"%03d" % status) in fields
    assert found == [field for field in fields if not field[0].startswith(b":")]


def test_a_status_need_not_be_the_first_of_the_protocols_fields() -> None:
    """Chromium shows it."""
    assert read_head([(b":path", b"/"), STATUS, (b"server", b"x")]) == (200, [(b"server", b"x")])


def test_no_more_fields_than_we_take() -> None:
    """The last that goes, the first that does not."""
    assert len(read_head([STATUS] + [(b"x", b"1")] * (MOST_HEADERS - 1))[1]) == MOST_HEADERS - 1
    with pytest.raises(TooLarge):
        read_head([STATUS] + [(b"x", b"1")] * MOST_HEADERS)


def test_long_names_are_not_remembered() -> None:
    """A server that makes up new names does not fill our memory with them."""
    _own_fields.cache_clear()
    for number in range(10):
        read_head([STATUS, (b"x" * 3000 + b"%d" % number, b"1")])
    assert _own_fields.cache_info().currsize == 0
    read_head([STATUS, (b"x", b"1")])
    assert _own_fields.cache_info().currsize == 1


@pytest.mark.parametrize(
    ("fields", "interim"),
    [
        ([(b":status", b"103"), (b"link", b"</a>")], True),
        ([STATUS], False),
        ([(b":x", b"1"), (b":status", b"100")], True),
        ([(b"link", b"</a>"), (b":status", b"100")], False),
        ([], False),
    ],
)
def test_interim_answers_are_known_by_their_status(fields, interim) -> None:
    """1xx, wherever it stands among the protocol's own fields."""
    assert is_interim(fields) is interim
