"""Dates by the algorithm of RFC 6265, 5.1.1, and never an exception."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entsurge.client.http_date import seconds_of

NOON = datetime(2020, 6, 9, 10, 18, 14, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 09 Jun 2020 10:18:14 GMT",
        "Tuesday, 09-Jun-20 10:18:14 GMT",
        "Tue Jun  9 10:18:14 2020",
        "09 June 2020 10:18:14",
        "2020 jun 9 10:18:14",
        "10:18:14 9 JUN 2020",
        "9 Jun 2020 10:18:14 +0200",
        '"Tue, 9 Jun 2020 10:18:14.123 GMT"',
        "Tue, 09 Jun 2020 10:18:14GMT",
    ],
)
def test_dates(text: str) -> None:
    """The three forms of HTTP, and what else is seen; zones are not looked at."""
    assert seconds_of(text) == NOON


@pytest.mark.parametrize(
    "text",
    ["", "0", "-1", "nonsense", "09 Jun 2020", "Tue, 31 Feb 2020 10:18:14 GMT", "Tue, 09 Jun 2020 25:18:14 GMT",
     "Tue, 09 Jun 2020 10:60:14 GMT", "Tue, 09 Jun 9999999999 10:18:14 GMT", "2020-06-09T10:18:14Z",
     "Mer, 09 juin 2020 10:18:14 GMT", "00 Jun 2020 10:18:14", "09 Jun ٢٠٢٠ 10:18:14", "9" * 5000],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    """Nothing is made up."""
    assert seconds_of(text) is None


@pytest.mark.parametrize(("year", "means"), [("70", 1970), ("99", 1999), ("00", 2000), ("69", 2069), ("1400", 1400)])
def test_years(year: str, means: int) -> None:
    """Two digits are of this century or the last."""
    assert seconds_of(f"09 Jun {year} 00:00:00") == datetime(means, 6, 9, tzinfo=UTC).timestamp()


@given(st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 -- UTC is meant
def test_every_http_date_comes_back(moment: datetime) -> None:
    """What the standard library writes is read to the second."""
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    assert seconds_of(format_datetime(moment, usegmt=True)) == moment.timestamp()


@given(st.one_of(st.text(), st.text(alphabet="0123456789: -,JanFebMar²٣")))
def test_no_text_makes_it_stumble(text: str) -> None:
    """A number or nothing."""
    assert seconds_of(text) is None or isinstance(seconds_of(text), float)
