"""What the exporter says of retries: apart from visits and their pages."""

import numpy as np
from prometheus_client import generate_latest

from entsurge.metrics.exporter import Exporter
from entsurge.record.recorder import Fold
from entsurge.record.schema import Key


def test_pages_of_retries_are_counted_apart() -> None:
    """Two pages of a first attempt and three of a retry: neither total holds the other's."""
    exporter = Exporter()
    first = Key("page", "student", "Lyon", "home", "open-home", "surge", "ok")
    again = first._replace(attempt="retry", outcome="failed")
    times = {first: np.array([1_000, 2_000]), again: np.array([5_000] * 3)}
    exporter.fold(Fold(0, {key: len(of) for key, of in times.items()}, times, {}))
    exporter.gauge({"offered": {"student": 1}, "started": {"student": 1}, "lost": {}}, {}, 0.0, retries={"student": 4})
    told = generate_latest(exporter.registry).decode()
    labels = 'persona="student",phase="surge",service="home"'
    assert f'entsurge_pages_total{{outcome="ok",{labels}}} 2.0' in told
    assert f'entsurge_retried_pages_total{{outcome="failed",{labels}}} 3.0' in told
    assert 'entsurge_retries_total{persona="student"} 4.0' in told
    assert 'entsurge_page_seconds_count{persona="student",service="home"} 2.0' in told
