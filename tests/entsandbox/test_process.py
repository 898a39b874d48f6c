"""The sandbox as a process: it says where it listens, and stops when it should."""

import json
import os
import select
import signal
import socket
import subprocess
import sys

import httpx
import pytest

SANDBOX = [sys.executable, "-m", "entsandbox"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clean_stop(start, number):
    """A signal ends it with code 0 and without a word, pages in progress or not."""
    sandbox = start()
    assert httpx.get(f"{sandbox.url}/healthz").status_code == 200
    sandbox.process.send_signal(number)
    assert sandbox.process.wait(20) == 0
    assert sandbox.process.stderr.read() == ""


def test_end_of_input(start):
    """With --watch-stdin it ends when its standard input does."""
    sandbox = start("--watch-stdin")
    sandbox.process.stdin.close()
    assert sandbox.process.wait(20) == 0


def test_it_dies_with_its_parent():
    """A sandbox whose parent is killed stops by itself."""
    code = "import subprocess, sys, os; subprocess.Popen([*sys.argv[1:], str(os.getpid())]).wait()"
    command = [sys.executable, "-c", code, *SANDBOX, "--parent-pid"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        url = json.loads(parent.stdout.readline())["url"]
        assert httpx.get(f"{url}/healthz").status_code == 200
        parent.kill()
        ended, _, _ = select.select([parent.stdout], [], [], 20)
        assert ended
        assert os.read(parent.stdout.fileno(), 1) == b""


def test_wrong_options():
    """An impossible setting, or an address that is taken, is told in a line with exit code 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for options in (["--workers", "0"], ["--service", "homework"], ["--port", port]):
            done = subprocess.run([*SANDBOX, *options], capture_output=True, text=True, check=False)
            assert done.returncode == 2
            assert "Traceback" not in done.stderr
