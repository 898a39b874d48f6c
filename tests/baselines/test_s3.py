"""Baselines in a bucket: against moto's server, which stands in for whoever speaks S3."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.baselines.test_baseline import run

from entsurge.baselines import archive
from entsurge.baselines.place import place
from entsurge.commands.baseline import command

pytest.importorskip("boto3", reason="needs the extra `s3`")
MOTO = Path(__file__).resolve().parents[2] / ".products" / "moto" / "bin" / "moto_server"
needs_moto = pytest.mark.skipif(not MOTO.exists(), reason="needs moto's server: .ci/run installs it in .products/moto")


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keys that open nothing, and no settings of whoever runs the tests."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "synthetic", "AWS_SECRET_ACCESS_KEY": "synthetic", "AWS_DEFAULT_REGION": "eu-west-3",
        "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """moto's server on loopback, with an empty bucket: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([MOTO, "-H", "127.0.0.1", "-p", str(port)], stdout=-3, stderr=-3) as child:
        try:
            _wait_for(url, child)
            urllib.request.urlopen(urllib.request.Request(f"{url}/baselines", b"", method="PUT"), timeout=30).close()
            yield url
        finally:
            child.terminate()


def _wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 120
    while time.monotonic() < limit and child.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("moto's server did not answer")


def called(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(command, [str(each) for each in arguments])
    return getattr(done.exception, "exit_code", done.exit_code), done.stdout, f"{done.stderr}{done.exception or ''}"


@needs_moto
def test_runs_go_to_a_bucket_and_come_back(server: str, tmp_path: Path) -> None:
    """As with a folder: pushed once, listed, the newest pulled, old ones let go, others' objects left alone."""
    runs = [run(tmp_path / "new", second=second) for second in range(3)]
    where = ("s3://baselines/lockdown", "--endpoint", server)
    assert called("pull", tmp_path / "main", "--from", *where)[0] == 2
    assert called("push", *runs, "--to", *where)[0] == 0
    code, told, _ = called("push", *runs, "--to", *where, "--keep", "2", "--json")
    assert (code, json.loads(told)["pushed"], json.loads(told)["baselines"]) == (0, [], 2)
    code, told, _ = called("pull", tmp_path / "main", "--from", *where)
    names = [archive.name_of(Path(line)) for line in told.splitlines()]
    assert (code, names) == (0, [archive.name_of(each) for each in runs[1:]])
    assert called("list", *where)[1].splitlines() == names


@needs_moto
def test_two_pushes_at_once_lose_neither(server: str, tmp_path: Path) -> None:
    """More at once than pipelines ever are, and more than a page of a listing holds besides."""
    runs = [run(tmp_path / "new", second=second) for second in range(8)]
    to = place("s3://baselines/at-once", endpoint=server)
    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda each: to.put(archive.name_of(each), archive.pack(each)), runs))
    assert to.held().runs == tuple(archive.name_of(each) for each in runs)


@needs_moto
def test_a_bucket_that_is_none_or_somebody_elses_is_2(server: str, tmp_path: Path) -> None:
    """No such bucket, and a prefix where other things lie: one sentence, nothing is put there."""
    ours = run(tmp_path / "new")
    code, _, told = called("push", ours, "--to", "s3://nobody-s/x", "--endpoint", server)
    assert (code, "NoSuchBucket" in told) == (2, True), told
    place("s3://baselines/photos", endpoint=server).put("holiday.jpg", b"x")
    code, _, told = called("push", ours, "--to", "s3://baselines/photos", "--endpoint", server)
    assert (code, "holds no baseline, and other files: 1" in told) == (2, True), told


def test_an_address_that_does_not_answer_is_6(tmp_path: Path) -> None:
    """Nobody listens there: one sentence with the address, the documented exit code."""
    with socket.socket() as bound:  # bound, never listening: connections are refused
        bound.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{bound.getsockname()[1]}"
        code, _, told = called("pull", tmp_path / "main", "--from", "s3://baselines/x", "--endpoint", endpoint)
    assert (code, "s3://baselines/x/: does not answer" in told) == (6, True), told
    assert not (tmp_path / "main").exists()


@pytest.mark.parametrize(
    ("where", "endpoint", "told"),
    [("s3://", "http://127.0.0.1:1", "names no bucket"), ("s3://b/x", "nowhere", "Invalid endpoint"),
     ("s3://B$/x", "http://127.0.0.1:1", "Invalid bucket name")],
)  # fmt: skip
def test_an_address_that_is_none_is_2(where: str, endpoint: str, told: str) -> None:
    """Before anything is sent."""
    code, _, said = called("list", where, "--endpoint", endpoint)
    assert (code, told in said) == (2, True), said


def test_no_keys_is_2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has none is told where boto3 looks for them."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, _, told = called("list", "s3://baselines/x", "--endpoint", "http://127.0.0.1:1")
    assert (code, "credentials" in told) == (2, True), told
