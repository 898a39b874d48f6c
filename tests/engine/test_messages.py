"""Every message survives the wire as it was; whatever is not of its shape is refused in a sentence."""

import dataclasses
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.crew_parts import numbered, pulse, row

from entsurge.engine import messages
from entsurge.engine.messages import Gain, Hello, Message, Misshapen, Parcel, Report, from_wire, to_wire

EVERY = [
    messages.Hello("1.0", 12, "here"),
    messages.Ready({"plan": "ab"}, ""),
    messages.ClockTold(1.5, 2.25),
    messages.Report(
        3, pulse(2, limits={"x": 1}), Parcel(2, [{"kind": "page"}], [b"\0\1"], [row(1)], [("f", {"t": 1})])
    ),
    messages.Ended(4),
    messages.Released(1, 5_000_000, [("student", "g", 7)]),
    messages.Leaving(),
    messages.AccountsMoved([("student", "g", 7)], []),
    messages.Task("{}"),
    messages.ClockAsked(0.5),
    messages.Begin(100.0),
    messages.Gain([1, 2], 0, [("parent", "g", 0)]),
    messages.Release(1, [3], 2_000_000),
    messages.Alive(9),
    messages.Acknowledged(3),
    messages.End(7),
    messages.Refused("because"),
]
KINDS = {type(each) for each in EVERY}


def travelled(data: object) -> Any:
    """Through Locust's own packing and back."""
    return msgpack.loads(msgpack.dumps(data), raw=False, strict_map_key=False)


@pytest.mark.parametrize("message", EVERY, ids=lambda each: each.name)
def test_a_message_comes_as_it_was_sent(message: Message) -> None:
    """Every field, tuples as tuples, bytes as bytes, messages within messages."""
    assert from_wire(type(message), travelled(to_wire(message))) == message


def test_every_kind_is_tried_and_has_a_name_of_its_own() -> None:
    """What is sent by itself is in the list above; two kinds under one name would be taken for each other."""
    parts = {messages.Pulse, messages.Vitals, messages.PresenceTold, messages.Parcel}
    assert set(Message.__subclasses__()) == KINDS | parts
    assert len({each.name for each in KINDS | parts}) == len(KINDS | parts)


@pytest.mark.parametrize("message", EVERY, ids=lambda each: each.name)
def test_a_field_that_is_missing_unknown_or_of_another_kind_is_named(message: Message) -> None:
    """A renamed field is both missing and unknown; a list where a number should be is neither taken nor guessed at."""
    whole = travelled(to_wire(message))
    for field in dataclasses.fields(message):
        for wrong in (
            {key: value for key, value in whole.items() if key != field.name},
            whole | {field.name: [[None]]},
        ):
            with pytest.raises(Misshapen, match=rf"^a message '{message.name}' of the wrong shape: {field.name}"):
                from_wire(type(message), wrong)
    with pytest.raises(Misshapen, match="renamed: Unexpected keyword argument"):
        from_wire(type(message), whole | {"renamed": 1})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN)
def test_no_data_whatever_raises_anything_else(data: object) -> None:
    """None, numbers, lists, dicts of anything are refused, in one line."""
    for kind in (Hello, Gain, Report):
        with pytest.raises(Misshapen, match=r"^[^\n]*$"):
            from_wire(kind, data)


def test_what_is_in_a_report_is_not_copied_on_its_way_out() -> None:
    """A second's rows may be thousands: the wire's dict holds the very same lists."""
    report = numbered(0)
    assert to_wire(report)["parcel"]["visits"] is report.parcel.visits
