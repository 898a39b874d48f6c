"""The sandbox's own cost stays small, so that its declared limits are what saturates."""

import os
from pathlib import Path

import pytest

from entsurge.population import Population

PEOPLE = Population(1)
TIMES, PROBES = 30, 2000
DEAREST = 120  # requests that do nothing; some 40 were measured, seven requests and a password's digest among them


def cpu_seconds(pid):
    """User and system time of a process so far."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_signing_on_costs_little_and_rest_is_light(start):
    """At rest under 120 MB; signing on and opening the home page costs no more than 120 requests that do nothing."""
    sandbox = start("--unlimited", "--service-seconds", "0")
    pid = sandbox.process.pid
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    assert resident < 120e6
    before = cpu_seconds(pid)
    with sandbox.client() as client:
        for _ in range(PROBES):
            assert client.get("/healthz").status_code == 200
    nothing = (cpu_seconds(pid) - before) / PROBES
    before = cpu_seconds(pid)
    for number in range(TIMES):
        with sandbox.client() as client:
            assert sandbox.sign_on(client, PEOPLE.person("student", number)).status_code == 200
    assert (cpu_seconds(pid) - before) / TIMES < DEAREST * nothing
