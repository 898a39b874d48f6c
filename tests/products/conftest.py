"""Products that nobody here has written, over HTTPS with a private authority, each with its example driver in TOML."""

import contextlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.e2e.conftest import entsurge, quick_profile  # noqa: F401  fixtures
from tests.products.front import PROXY, SECONDS, Authority, Front, Site, authority, free_port, front, listening
from tests.products.wiki import PERSONAS, behind_cas, fastcgi, media, pages, php_fpm, wiki

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = ROOT / ".products"  # where .ci/run puts what comes from PyPI, an environment each
ACCOUNTS = 40
FRONT = ("nginx", "openssl")
WIKI = (*FRONT, php_fpm(), "/usr/share/dokuwiki/bin/dwpage.php")
WIKI_WRITES = {"student": ("hand-in", "upload-file"), "teacher": ("write-lesson",)}
NEEDS = {
    "dokuwiki": WIKI,
    "dokuwiki-cas": (*WIKI, "/usr/sbin/apache2", str(INSTALLED / "cas" / "bin" / "python")),
    "kolibri": (*FRONT, str(INSTALLED / "kolibri" / "bin" / "kolibri")),
}


@dataclass(frozen=True)
class Product:
    """A product that runs: its example files, where it stands, what is written on it, and by which actions of whom."""

    example: Path
    url: str
    front: Front
    authority: Authority
    written: Callable[[], set[str]]
    writes: dict[str, tuple[str, ...]]
    other_host: str = ""

    def dress(self, folder: Path, *, typed: str = "juste") -> Path:
        """The example's files in this folder, addresses put in, accounts with this password: the target file."""
        for each in self.example.parent.glob("*.toml"):
            shutil.copy(each, folder)
        shutil.copy(self.authority.certificate, folder / "authority.pem")
        path = folder / self.example.name
        text = re.sub(r'^url = ".*"', f'url = "{self.url}"', path.read_text("utf-8"), flags=re.MULTILINE)
        text = text.replace("https://127.0.0.2:8444", self.other_host)
        path.write_text(text, encoding="utf-8")
        rows = [f"{persona},{persona}-{n},{typed},9990001X" for persona in PERSONAS for n in range(ACCOUNTS)]
        (folder / "accounts.csv").write_text("\n".join(["persona,login,password,school", *rows]), encoding="utf-8")
        (folder / "accounts.csv").chmod(0o600)
        return path


def products() -> list:
    """Every product as a parameter, with what it needs."""
    return [pytest.param(name, marks=pytest.mark.needs(*needs)) for name, needs in NEEDS.items()]


@pytest.fixture(scope="session")
def product(request: pytest.FixtureRequest) -> Iterator[Product]:
    """One product, from its set-up until the last test of it."""
    with tempfile.TemporaryDirectory(prefix="product-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PHP and Apache run as a user of their own
        with MAKERS[request.param](folder, authority(folder / "authority")) as made:
            yield made


@contextlib.contextmanager
def dokuwiki(folder: Path, root: Authority) -> Iterator[Product]:
    """DokuWiki with its own login form; nginx speaks FastCGI to it."""
    port = free_port()
    with wiki(folder, f"https://127.0.0.1:{port}", ACCOUNTS) as php:
        site = Site("127.0.0.1", port, fastcgi(php))
        with front(folder / "front", root, site) as served:
            yield Product(
                ROOT / "docs/examples/dokuwiki/dokuwiki-target.toml", site.url, served, root, _of_wiki(folder),
                WIKI_WRITES,
            )  # fmt: skip


@contextlib.contextmanager
def dokuwiki_behind_cas(folder: Path, root: Authority) -> Iterator[Product]:
    """DokuWiki behind Apache's mod_auth_cas, whose CAS is on another host; nginx speaks TLS for both."""
    port, cas_port = free_port(), free_port("127.0.0.2")
    url, cas = f"https://127.0.0.1:{port}", f"https://127.0.0.2:{cas_port}"
    command = [str(INSTALLED / "cas" / "bin" / "python"), str(Path(__file__).with_name("sign_on_server.py"))]
    with (
        _serving([*command, str(folder), url, str(ACCOUNTS)], folder / "cas.said") as cas_behind,
        wiki(folder, url, ACCOUNTS, by="authremote") as php,
        behind_cas(folder, php, url=url, cas=cas, root=root.certificate) as behind,
    ):
        sites = (
            Site("127.0.0.1", port, PROXY.format(port=behind)),
            Site("127.0.0.2", cas_port, PROXY.format(port=cas_behind.stdout.readline().strip())),
        )
        with front(folder / "front", root, *sites) as served:
            example = ROOT / "docs/examples/dokuwiki/dokuwiki-cas-target.toml"
            yield Product(example, url, served, root, _of_wiki(folder), WIKI_WRITES, other_host=cas)


@contextlib.contextmanager
def kolibri(folder: Path, root: Authority) -> Iterator[Product]:
    """Kolibri as it serves itself, nginx in front of it."""
    port, home = free_port(), folder / "home"
    home.mkdir()
    command = [str(INSTALLED / "kolibri" / "bin" / "python"), str(Path(__file__).with_name("school_server.py"))]
    with _serving([*command, str(home), str(port), str(ACCOUNTS)], folder / "said") as child:
        site = Site("localhost", free_port(), PROXY.format(port=port))
        ready = child.stdout.readline()
        assert ready, (folder / "said").read_text("utf-8")[-4000:]
        listening("127.0.0.1", port, folder / "said")
        with front(folder / "front", root, site) as served:
            example = ROOT / "docs/examples/kolibri/kolibri-target.toml"
            yield Product(example, site.url, served, root, lambda: _lessons(home), {"teacher": ("write-lesson",)})


MAKERS = {"dokuwiki": dokuwiki, "dokuwiki-cas": dokuwiki_behind_cas, "kolibri": kolibri}


def _of_wiki(folder: Path) -> Callable[[], set[str]]:
    return lambda: pages(folder) | media(folder)


def _lessons(home: Path) -> set[str]:
    """The lessons that Kolibri has, by their identifiers."""
    with contextlib.closing(sqlite3.connect(f"file:{home}/db.sqlite3?mode=ro", uri=True)) as database:
        return {row[0] for row in database.execute("SELECT id FROM lessons_lesson")}


@contextlib.contextmanager
def _serving(command: list[str], said: Path) -> Iterator[subprocess.Popen]:
    """A server script of this folder: it says a line when it is ready, and ends with its standard input."""
    with (
        said.open("w") as stream,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, text=True) as child,
    ):
        try:
            yield child
        finally:
            child.stdin.close()
            child.wait(SECONDS)
