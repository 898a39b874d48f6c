"""Locust's statistics are ours, and no larger after a day than after a minute."""

import json
import subprocess
import sys

DAY = """
import locust
import json
from collections import Counter
from types import SimpleNamespace
import numpy as np
from locust.stats import RequestStats, bucket_response_time
from entsurge.engine import locust_statistics, web_page
from entsurge.record.recorder import Fold
from entsurge.record.schema import Key

now = [1_800_000_000.0]
locust_statistics.time = SimpleNamespace(time=lambda: now[0])
stats = RequestStats()
stats.total.start_time = now[0]
environment = SimpleNamespace(stats=stats, runner=SimpleNamespace(stats=stats, user_count=0))
drawn, rounded = np.random.default_rng(7), Counter()
ok, failed = (Key("page", "student", "g", "home", "home", "surge", outcome) for outcome in ("ok", "failed"))
for second in range(2000):
    now[0] += 1
    times = {ok: drawn.integers(1, 200_000_000, 20), failed: drawn.integers(1, 200_000_000, 1)}
    locust_statistics.feed(environment, Fold(second, {ok: 20, failed: 1}, times))
    for each in times.values():
        rounded.update(bucket_response_time(int(value) // 1000) for value in each)
entry = stats.get("home", "student")
page = web_page.RunPage.__new__(web_page.RunPage)
page.environment, page.every_seconds = environment, web_page.HISTORY_SECONDS
page.book = SimpleNamespace(progress=SimpleNamespace(present={"student": 3}))
points = []
for second in range(1, 28_801):
    page.keep(second)
    points.append(len(stats.history))
print(json.dumps({
    "seconds": [len(of) for each in (entry, stats.total) for of in (each.num_reqs_per_sec, each.num_fail_per_sec)],
    "rounded": entry.response_times == rounded,
    "values": len(entry.response_times), "requests": entry.num_requests, "failures": entry.num_failures,
    "rate": entry.current_rps, "fail_rate": entry.current_fail_per_sec, "median": entry.median_response_time,
    "points": [points[99], max(points), page.every_seconds], "users": stats.history[-1]["user_count"][1],
}))
"""


def test_a_long_run_is_kept_in_the_memory_of_a_short_one() -> None:
    """Counts by second of the last twenty, times rounded as Locust rounds them; eight hours' chart has 720 points."""
    done = subprocess.run([sys.executable, "-c", DAY], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert max(found["seconds"]) <= 21
    assert found["rounded"]
    assert found["values"] < 500
    assert (found["requests"], found["failures"]) == (42_000, 2_000)
    assert (found["rate"], found["fail_rate"]) == (21.0, 1.0)
    assert 97_000 <= found["median"] <= 103_000
    assert (found["points"], found["users"]) == ([20, 720, 80], 3)
