"""The video stream's timetable, on a clock that goes as fast as there is nothing to do."""

import asyncio
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry

from entsandbox.live_limits import LiveLimits
from entsandbox.live_meters import LiveMeters
from entsandbox.portal.live.video import VideoRoom


class Ahead(asyncio.SelectorEventLoop):
    """An event loop that goes to the next deadline instead of waiting for it."""

    def __init__(self):
        super().__init__()
        self.now, wait = 0.0, self._selector.select

        def select(timeout=None):
            self.now += timeout or 0.0
            return wait(0)

        self._selector.select = select

    def time(self):
        return self.now


@pytest.fixture
def heard():
    """When each of so many chunks was sent, and how long it was; `late` has the loop hang once, at the fourth."""

    def stream(chunks, late=0.0):
        loop, room = Ahead(), VideoRoom("9990001X", "2DE1", LiveLimits(video_kbps=400), LiveMeters(CollectorRegistry()))
        sent = []

        def show(chunk):
            sent.append((loop.now, len(chunk)))
            loop.now += late if len(sent) == 4 else 0.0
            if len(sent) == chunks:
                room._inside = {}

        room._inside["anna"] = SimpleNamespace(inside=True, show=show)
        try:
            loop.run_until_complete(room._send_stream())
        finally:
            loop.close()
        return sent

    return stream


def test_a_chunk_goes_out_each_time_it_is_due(heard):
    """Forty chunks in ten seconds, which are 400 kbit/s."""
    sent = heard(40)
    assert [when for when, _ in sent] == pytest.approx([0.25 * number for number in range(1, 41)])
    assert sum(length for _, length in sent) * 8 / 1000 / 10 == pytest.approx(400)


def test_what_hung_for_long_is_not_made_up_for(heard):
    """After a second the timetable is caught up with; after five it begins anew."""
    assert [when for when, _ in heard(9, late=1.0)][4:] == pytest.approx([2.0, 2.0, 2.0, 2.0, 2.25])
    assert [when for when, _ in heard(6, late=5.0)][4:] == pytest.approx([6.0, 6.25])
