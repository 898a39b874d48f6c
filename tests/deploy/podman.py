"""podman in namespaces of a test's own: what it mounts and starts there ends with the test, however that ends."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# One hierarchy of control groups, which is all that crun knows; what podman would leave outside its folder, in memory.
# Its end is the pipe's: a killed test closes it too, and with this process, the first, all others go.
INSIDE = """
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup || exit
mkdir -p /run/netns /run/crun /run/libpod
for each in /run/netns /run/crun /run/libpod /dev/shm; do mount -t tmpfs none $each || exit; done
echo ready
exec cat
"""
# Without a limit of its own crun asks for more than a machine without CAP_SYS_RESOURCE may give.
LIMITS = ("--cgroups=disabled", "--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")

IMAGE = "localhost/entsurge"
PYTHON, DEBIAN = "3.11", "bookworm"
BASE = f"localhost/python:{PYTHON}-slim-{DEBIAN}"  # what is at hand comes before what would be fetched
# Settings of pip for where packages are.
ELSEWHERE = {"constraint", "extra-index-url", "find-links", "index-url", "no-index"}


@dataclass(frozen=True)
class Podman:
    """Commands in the namespaces of the process `first`; images and containers are in `folder`."""

    first: int
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        """Any command, as it is started there."""
        return ["nsenter", "--target", str(self.first), "--mount", "--pid", "--wd=/", "--", *arguments]

    def podman(self, *arguments: str) -> list[str]:
        """The same of podman."""
        folders = [f"--{each}={self.folder / each}" for each in ("root", "runroot")]
        return self.command("podman", *folders, "--log-level=error", *arguments)

    def call(self, *arguments: str, wait_seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """What podman says to a command."""
        return subprocess.run(
            self.podman(*arguments), capture_output=True, text=True, check=False, timeout=wait_seconds,
            env=os.environ | {"DISABLE_HC_SYSTEMD": "true"},
        )  # fmt: skip

    def told(self, *arguments: str, wait_seconds: float = 60) -> str:
        """What it prints; fails with all that it said where it exits otherwise than by 0."""
        done = self.call(*arguments, wait_seconds=wait_seconds)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def stand_in(self) -> None:
        """Debian with its own Python under the name of Python's image.

        Its packages are unpacked and not set up: that takes a third of the time. `python` is made a name of `python3`,
        as it is there; libstdc++6 and tzdata are what that image has too. The mirror is the one that apt has here.
        """
        listed = [Path("/etc/apt/sources.list"), Path("/etc/apt/sources.list.d/debian.sources")]
        mirrors = [str(each) for each in listed if each.is_file() and DEBIAN in each.read_text("utf-8")]
        lean = [f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("doc", "locale", "man")]
        made = self.folder / "base.tar"
        done = subprocess.run(
            self.command(
                "mmdebstrap", "--quiet", "--variant=extract",
                "--include=coreutils,dash,libstdc++6,python3,python3-venv,tzdata", *lean,
                '--extract-hook=ln -s python3 "$1/usr/bin/python"', DEBIAN, str(made), *mirrors,
            ),
            capture_output=True, text=True, check=False, timeout=800, env=os.environ | {"TMPDIR": str(self.folder)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.told("import", "--quiet", str(made), BASE, wait_seconds=300)
        made.unlink()

    def build(self, containerfile: Path, context: Path) -> subprocess.CompletedProcess[str]:
        """IMAGE, made of a folder that holds `dist`. Nothing is fetched but by pip."""
        lent = self._pip(context / "dist" / "requirements.txt")
        return self.call(
            "build", "--format=docker", "--pull=never", "--layers=false", "--isolation=chroot", "--network=host",
            *(f"--volume={source}:{there}:ro" for source, there in lent), "--file", str(containerfile),
            "--tag", IMAGE, str(context), wait_seconds=800,
        )  # fmt: skip

    def _pip(self, requirements: Path) -> Iterator[tuple[str, str]]:
        """What pip is lent, and its name there: settings of this machine, files that they name, and a list of wheels.

        The addresses of wheels are as uv finds them: pip would read all that an index has of each package, which takes
        as long as all else that it does. It compiles nothing, for the same reason.
        """
        lock, page, conf = (self.folder / name for name in ("pylock.toml", "wheels.html", "pip.conf"))
        subprocess.run(
            [
                sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-deps", f"--python-version={PYTHON}",
                str(requirements), "--output-file", str(lock),
            ],
            check=True, timeout=300,
        )  # fmt: skip
        wheels = [wheel for each in tomllib.loads(lock.read_text("utf-8"))["packages"] for wheel in each["wheels"]]
        page.write_text("\n".join(f'<a href="{wheel["url"]}">wheel</a>' for wheel in wheels), "utf-8")
        settings = {key: value for key, value in _settings() if key not in ELSEWHERE}
        settings |= {"no-index": "true", "find-links": "/etc/wheels.html", "no-compile": "no"}  # pip's own negation
        conf.write_text("[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items()), "utf-8")
        yield from ((str(page), "/etc/wheels.html"), (str(conf), "/etc/pip.conf"))
        yield from ((value, value) for value in sorted(set(settings.values())) if Path(value).is_file())


def _settings() -> list[tuple[str, str]]:
    """pip's on this machine, of its files and of the environment."""
    asked = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
    said = re.findall(r"^[^.]+\.([^=]+)=(.*)$", listed, re.MULTILINE)
    return [(key, ast.literal_eval(value)) for key, value in said]


@contextmanager
def podman_of_its_own(folder: Path) -> Iterator[Podman]:
    """Its folder is removed at the end."""
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", INSIDE]
    try:
        with subprocess.Popen(
            apart, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as own:
            said = own.stdout.readline()
            assert said == "ready\n", own.stderr.read()
            yield Podman(int(Path(f"/proc/{own.pid}/task/{own.pid}/children").read_text("ascii")), folder)
    finally:
        shutil.rmtree(folder)
