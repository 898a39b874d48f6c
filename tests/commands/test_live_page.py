"""`--live`: what it takes, what it refuses before anything is touched, and where the page is then."""

import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import click
import httpx
import pytest
from click.testing import CliRunner
from tests.authority import Authority

from entsurge.commands import live_page
from entsurge.commands.live_page import Asked, WithLive, asked, live_options
from entsurge.errors import UsageError

TOKEN = "0123456789abcdef"


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """A file of mode 600."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """A file that is there; whether it is a certificate is found out by whoever serves."""
    path = tmp_path / "chain.pem"
    path.write_text("")
    return path


@pytest.mark.parametrize(
    ("live", "host", "port"),
    [("9000", "127.0.0.1", 9000), ("localhost:0", "localhost", 0), ("[::1]:9000", "::1", 9000)],
)
def test_on_loopback_it_takes_nothing_more(live: str, host: str, port: int) -> None:
    """A port, or a host and a port."""
    assert asked(live, None, None, None) == Asked(host, port, "", "", "")


def test_elsewhere_it_takes_a_token_and_tls(token: Path, pem: Path, monkeypatch) -> None:
    """All three files, or the token from the environment; each that lacks is named."""
    assert asked("ent.example:1", token, pem, pem) == Asked("ent.example", 1, TOKEN, str(pem), str(pem))
    for given, lacks in (
        ((None, None, None), "it needs --live-token, --live-certificate, --live-key"),
        ((token, None, None), "it needs --live-certificate, --live-key"),
        ((None, pem, pem), "it needs --live-token"),
    ):
        with pytest.raises(UsageError, match=lacks):
            asked("10.0.0.1:9647", *given)
    monkeypatch.setenv("ENTSURGE_LIVE_TOKEN", TOKEN)
    assert asked("10.0.0.1:9647", None, pem, pem).token == TOKEN


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ("http", "not .HOST:.PORT"), ("127.0.0.1:", "not .HOST:.PORT"), (":9647", "not .HOST:.PORT"),
        ("70000", "not .HOST:.PORT"), ("²", "not .HOST:.PORT"), ("0.0.0.0:9647", "every address"),
        ("[::]:9647", "every address"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(live: str, said: str) -> None:
    """In one sentence, with what would be one."""
    with pytest.raises(UsageError, match=said):
        asked(live, None, None, None)


def test_a_token_that_others_may_read_or_guess_is_refused(token: Path, pem: Path) -> None:
    """By its mode, by its length; it is not shown."""
    token.chmod(0o644)
    with pytest.raises(UsageError, match="others may read it"):
        asked("10.0.0.1:1", token, pem, pem)
    token.chmod(0o600)
    token.write_text("short")
    with pytest.raises(UsageError, match="16 characters") as refused:
        asked("10.0.0.1:1", token, pem, pem)
    assert "short" not in str(refused.value)


def test_its_options_alone_are_refused(token: Path, pem: Path) -> None:
    """A token without a page, a certificate without its key."""
    with pytest.raises(UsageError, match="belong to --live"):
        asked(None, token, None, None)
    with pytest.raises(UsageError, match="go together"):
        asked("9647", None, pem, None)


def test_without_the_extra_it_says_what_to_install(monkeypatch) -> None:
    """Exit 2 and the extra's name."""
    monkeypatch.setattr("entsurge.extras.find_spec", lambda name: None if name == "uvicorn" else object())
    with pytest.raises(UsageError, match="needs the extra `live`") as refused:
        asked("9647", None, None, None)
    assert (refused.value.exit_code, refused.value.hint) == (2, "pip install 'entsurge[live]'")


@pytest.mark.parametrize(
    ("arguments", "live"),
    [
        (["--live", "profile"], "127.0.0.1:9647"), (["profile", "--live"], "127.0.0.1:9647"),
        (["--live=1", "profile"], "1"), (["profile"], None), (["--", "--live"], None),
    ],
)  # fmt: skip
def test_the_bare_option_takes_no_argument(arguments: list[str], live: str | None) -> None:
    """`--live PROFILE` is the option and the profile: a value stands behind `=` alone."""

    @click.command(cls=WithLive)
    @click.argument("profile")
    @live_options
    def command(profile: str, live: str | None, **_: object) -> None:
        click.echo(f"{profile} {live}")

    told = CliRunner().invoke(command, arguments)
    assert told.output == f"{arguments[-1] if live is None else 'profile'} {live}\n"


def test_a_busy_port_gives_way_to_the_next_free_one(tmp_path: Path, capfd) -> None:
    """And it is said which was taken; at the context's end the process is gone."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with live_page.live_page(Asked("127.0.0.1", port, "", "", ""), tmp_path / "run"):
            said = capfd.readouterr().err
            assert f"({port} is taken)" in said
            found = int(said.split(":")[-1].split("/")[0])
            assert port < found <= port + 50
            socket.create_connection(("127.0.0.1", found), 5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", found), 5)


@pytest.mark.needs("openssl")
def test_over_tls_the_operators_token_opens_the_page(tmp_path: Path, capfd) -> None:
    """The chain that was given is shown; without the token 401, with it the page; plain HTTP is no answer."""
    authority = Authority(tmp_path)
    server = authority.server()
    wanted = Asked("localhost", 0, TOKEN, str(server.with_suffix(".chain")), str(server.with_suffix(".key")))
    trusting = ssl.create_default_context(cafile=str(authority.root))
    with live_page.live_page(wanted, tmp_path / "run"):
        url = re.search(r"https://localhost:\d+/", capfd.readouterr().err)[0]
        with httpx.Client(verify=trusting, timeout=30) as browser:
            assert browser.get(url).status_code == 401
            assert browser.get(url, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
        with pytest.raises(httpx.HTTPError):
            httpx.get(url.replace("https", "http"), timeout=30)


def test_a_certificate_that_is_none_is_said_by_name(pem: Path, tmp_path: Path, capfd) -> None:
    """Nothing is served, and the run does not begin."""
    wanted = Asked("127.0.0.1", 0, "", str(pem), str(pem))
    with pytest.raises(UsageError, match="could not be served"), live_page.live_page(wanted, tmp_path / "run"):
        pytest.fail("it began")
    assert "chain.pem: cannot be used" in capfd.readouterr().err


def test_the_token_is_in_no_command_line(token: Path, tmp_path: Path, monkeypatch) -> None:
    """It goes to the page's process by its environment, and to nobody else's."""
    seen = {}

    def started(command: list[str], **given: object) -> subprocess.Popen[bytes]:
        seen.update(command=command, environment=given["env"])
        return real([sys.executable, "-c", "print('{}')"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    real = subprocess.Popen
    monkeypatch.setattr(live_page.subprocess, "Popen", started)
    with pytest.raises(KeyError), live_page.live_page(Asked("127.0.0.1", 0, TOKEN, "", ""), tmp_path):
        pytest.fail("it began")
    assert TOKEN not in " ".join(seen["command"])
    assert seen["environment"]["ENTSURGE_LIVE_TOKEN"] == TOKEN
