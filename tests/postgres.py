"""A PostgreSQL cluster of the tests' own: on a temporary directory and a loopback port, gone at the end."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

_START_SECONDS = 30


@dataclass(frozen=True)
class Cluster:
    """A running cluster: where it listens, and its folder; `data/postmaster.pid` there begins with its process."""

    port: int
    folder: Path
    process: subprocess.Popen

    def stop(self):
        """End it at once; its processes end by the postmaster's number, which `runuser` may stand before."""
        if self.process.poll() is None:
            pid_file = self.folder / "data" / "postmaster.pid"
            if pid_file.exists():
                os.kill(int(pid_file.read_text().split("\n", 1)[0]), signal.SIGINT)
            else:
                self.process.terminate()
            self.process.wait(30)

    def url(self, database="postgres"):
        """The address of one of its databases."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def new_database(self, name):
        """Make an empty database; its address."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


def programs():
    """Where PostgreSQL's own programs lie; Debian keeps them beside the path."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _as_its_user():
    """What stands before a command: PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def cluster(*settings):
    """A cluster that lives as long as the context; `settings` are `name=value` of postgresql.conf."""
    there = programs()
    folder = Path(tempfile.mkdtemp(prefix="entsurge-postgres-"))
    try:
        if os.getuid() == 0:
            shutil.chown(folder, pwd.getpwnam("postgres").pw_uid, pwd.getpwnam("postgres").pw_gid)
        make = [there / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]
        subprocess.run([*_as_its_user(), *make], check=True, capture_output=True, timeout=60)
        port = _free_port()
        ours = ["fsync=off", "full_page_writes=off", "listen_addresses=127.0.0.1", f"port={port}", *settings]
        options = [part for each in ours for part in ("-c", each)]
        command = [*_as_its_user(), there / "postgres", "-D", folder / "data", "-k", folder, *options]
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            running = Cluster(port, folder, process)
            try:
                _await(running)
                yield running
            finally:
                running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await(running):
    limit = time.monotonic() + _START_SECONDS
    while True:
        try:
            return psycopg.connect(running.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            said = (running.folder / "log").read_text()
            assert running.process.poll() is None, said
            assert time.monotonic() < limit, said
            time.sleep(0.05)


@pytest.fixture(scope="session")
def postgres():
    """One cluster for the whole session; skipped where PostgreSQL is not, a failure under ENTSURGE_FULL=1."""
    _demand()
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def own_cluster():
    """Makes clusters that a test may stop."""
    _demand()
    return cluster


def _demand():
    if programs() is None:
        missing = "needs PostgreSQL's programs (initdb)"
        if int(os.environ.get("ENTSURGE_FULL") or 0):
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
