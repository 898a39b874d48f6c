"""Target files: every fault at once, nothing outside loopback without an authorisation, no secret ever shown."""

import contextlib
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entsurge.commands.init import TARGET
from entsurge.commands.targets import choose
from entsurge.errors import UsageError
from entsurge.targets.addresses import addresses
from entsurge.targets.file import TEMPLATE_BY, check_authorised, check_authorised_to_its_end, is_loopback, load

FULL = """
name = "préproduction"
url = "https://ent.example.fr"
hosts = ["cas.example.fr"]
driver = "entcore"
production = true

[authorised]
by = "Direction du numérique"
reference = "2026-17"
from = 2026-11-01
until = 2026-11-30

[sign_on]
method = "oidc"
authorize_url = "https://cas.example.fr/authorize"
token_url = "https://cas.example.fr/token"
client_id = "app"
client_secret = { env = "ENT_SECRET" }
redirect_uri = "appli://retour"

[accounts]
file = "people.csv"

[headers]
X-Load-Test = "oui"
X-Passe = { file = "passe" }

[limits]
visits_per_second = 20
visitors = 5000
guard = { failed_share = 0.2 }

[writes]
messages = "test-accounts"
lesson-book = "test-accounts"

[[tenant]]
school = "0690001X"
academy = "Lyon"

[[objective]]
persona = "student"
phase = "surge"
must = "p95 < 900ms"
"""
PEOPLE = "persona,login,password,school\nstudent,a,motdepasse-1,0690001X\nstudent,b,motdepasse-2,0690002Y\n"


def test_a_host_may_say_where_it_listens(write) -> None:
    """The port is for an edge; what may be spoken to is the host. Sign-on and schools name addresses, too."""
    text = (
        'url = "https://127.0.0.1"\nhosts = ["127.0.0.2:8444", "::1", "127.0.0.3"]\n'
        '[sign_on]\nmethod = "cas"\nlogin_url = "https://127.0.0.3:9443/cas/login?service={service}"\n'
        '[[tenant]]\nschool = "9990001X"\nurl = "http://127.0.0.3:8081/a"\n'
    )
    target = load(write("cible.toml", text))
    assert target.file.all_hosts == ("127.0.0.1", "127.0.0.2", "::1", "127.0.0.3")
    assert addresses(target) == ["http://127.0.0.3:8081/a", "https://127.0.0.3:9443", "https://127.0.0.2:8444"]
    with pytest.raises(UsageError, match="hosts"):
        load(write("b.toml", 'url = "https://127.0.0.1"\nhosts = ["ent.example:https"]\n'))


def test_a_whole_file(write, monkeypatch) -> None:
    """Everything that a file may say is there, and comes out as it was meant."""
    monkeypatch.setenv("ENT_SECRET", "tres-secret")
    write("people.csv", PEOPLE)
    write("passe", "sesame-ouvre-toi\n")
    target = load(write("cible.toml", FULL))
    assert target.file.all_hosts == ("ent.example.fr", "cas.example.fr")
    assert target.file.writes.services == {"messages", "lesson-book"}
    assert target.headers() == {"X-Load-Test": "oui", "X-Passe": "sesame-ouvre-toi"}
    assert target.accounts.academy_names == ["Lyon", "all"]
    assert target.file.production
    assert target.sign_on.options.client_secret.get_secret_value() == "tres-secret"
    assert len(target.sha256) == 64


def test_no_secret_is_ever_shown(write, monkeypatch) -> None:
    """Neither repr nor the manifest holds a password, a header's value or a client's secret."""
    monkeypatch.setenv("ENT_SECRET", "tres-secret")
    write("people.csv", PEOPLE)
    write("passe", "sesame-ouvre-toi")
    target = load(write("cible.toml", FULL))
    person = target.accounts.person_in_academy("student", 0, 0)
    shown = f"{target!r} {target.as_json()} {target.sign_on.options!r} {person!r}"
    for secret in ("tres-secret", "sesame", "motdepasse"):
        assert secret not in shown


def test_every_fault_at_once(write) -> None:
    """File, key, what was found, what was expected: all of them, those of the sign-on too; written secrets unseen."""
    path = write(
        "cible.toml",
        'url = "ftp://x"\ndrivr = "x"\n[limits]\nvisitors = 0\n[writes]\nabsences = "test-accounts"\n'
        '[sign_on]\nmethod = "bearer"\nurl = "nowhere"\nclient_secret = "hunter2hunter2"\n'
        '[headers]\nX-Cle = { env = "NOT_SET_ANYWHERE" }\n',
    )
    with pytest.raises(UsageError) as caught:
        load(path)
    said = str(caught.value)
    parts = (
        "url: found 'ftp://x'", "drivr: unknown key; known:", "limits.visitors", "writes", "real parents",
        "sign_on.url", "sign_on.client_secret: a secret is named, not written", "NOT_SET_ANYWHERE is not set",
    )  # fmt: skip
    for part in parts:
        assert part in said
    assert all(line.startswith(str(path)) for line in said.splitlines())
    assert "hunter2" not in said


def test_nothing_outside_loopback_without_authorisation(write) -> None:
    """A file that names a host elsewhere must say who authorised the test."""
    with pytest.raises(UsageError, match="not loopback; who authorised"):
        load(write("a.toml", 'url = "https://ent.example.fr"\n'))
    with pytest.raises(UsageError, match=r"missing: ent\.example\.fr is not loopback"):
        load(write("b.toml", 'url = "http://127.0.0.1"\nhosts = ["ent.example.fr"]\n'))
    with pytest.raises(UsageError, match=r"missing: ent\.example\.fr, cas\.example\.fr are not loopback"):
        load(write("two.toml", 'url = "https://ent.example.fr"\nhosts = ["cas.example.fr"]\n'))
    assert load(write("c.toml", 'url = "http://127.0.0.1"\nhosts = ["localhost"]\n')).file.authorised is None
    asked = '[authorised]\nby = "moi"\nfrom = 2026-01-01\nuntil = 2026-12-31\n'
    with pytest.raises(UsageError, match="nobody knows the synthetic people"):
        load(write("d.toml", f'url = "https://ent.example.fr"\n{asked}'))


def test_a_template_authorises_nobody(write) -> None:
    """What `entsurge init` writes in place of a name is refused as long as it stands there."""
    text = f'url = "http://127.0.0.1:8080"\n[authorised]\nby = "{TEMPLATE_BY}"\nfrom = 2026-01-01\nuntil = 2026-12-31\n'
    with pytest.raises(UsageError, match="authorised: by: still"):
        load(write("a.toml", text))
    assert f'# by = "{TEMPLATE_BY}"' in TARGET


@pytest.mark.parametrize(
    "host", ["educonnect.education.gouv.fr", "idp.educonnect.education.gouv.fr", "x.gar.education.fr"]
)
def test_national_services_are_never_loaded(write, host) -> None:
    """Whoever authorises it."""
    text = f'url = "https://{host}"\n[authorised]\nby = "moi"\nfrom = 2026-01-01\nuntil = 2026-12-31\n'
    with pytest.raises(UsageError, match="national service"):
        load(write("a.toml", text))


@pytest.mark.parametrize(
    ("today", "problem"),
    [(date(2026, 10, 31), "has not begun"), (date(2026, 11, 1), ""), (date(2026, 11, 30), ""),
     (date(2026, 12, 1), "has expired")],
)  # fmt: skip
def test_only_in_its_days(write, monkeypatch, today, problem) -> None:
    """The first and the last day are inside."""
    monkeypatch.setenv("ENT_SECRET", "x")
    write("people.csv", PEOPLE)
    write("passe", "x")
    target = load(write("cible.toml", FULL))
    if not problem:
        check_authorised(target, today)
        return
    with pytest.raises(UsageError, match=problem):
        check_authorised(target, today)


@pytest.mark.parametrize(
    ("begins", "hours", "until"),
    [("2026-11-30 20:00+01:00", 3.9, ""), ("2026-11-30 20:00+01:00", 4.1, "2026-12-01, 00:06"),
     ("2026-11-29 23:00+01:00", 8, ""), ("2026-11-30 23:00+01:00", 8, "2026-12-01, 07:00")],
)  # fmt: skip
def test_a_night_s_run_ends_within_the_days_of_its_authorisation(write, monkeypatch, begins, hours, until) -> None:
    """One that passes midnight of the last day would go on unauthorised: it does not begin."""
    monkeypatch.setenv("ENT_SECRET", "x")
    write("people.csv", PEOPLE)
    write("passe", "x")
    target = load(write("cible.toml", FULL))
    if not until:
        check_authorised_to_its_end(target, datetime.fromisoformat(begins), 3600 * hours)
        return
    with pytest.raises(UsageError, match=f"authorised.until = 2026-11-30: the run would go on until {until}"):
        check_authorised_to_its_end(target, datetime.fromisoformat(begins), 3600 * hours)


def test_absences_only_if_nobody_can_be_told(write) -> None:
    """An absence can text real parents: its own word is asked for."""
    text = 'url = "http://127.0.0.1"\n[writes]\nabsences = "test-accounts"\nfamilies_cannot_be_told = true\n'
    assert load(write("a.toml", text)).file.writes.services == {"absences"}
    assert load(write("b.toml", 'url = "http://127.0.0.1"\n')).file.writes.services == frozenset()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_of_secrets_is_its_owners(write, mode) -> None:
    """Others may not read it, neither a secret's nor the accounts'."""
    write("passe", "x", mode)
    with pytest.raises(UsageError, match="others may read it"):
        load(write("a.toml", 'url = "http://127.0.0.1"\n[headers]\nX = { file = "passe" }\n'))
    write("people.csv", PEOPLE, mode)
    with pytest.raises(UsageError, match="chmod 600"):
        load(write("b.toml", 'url = "http://127.0.0.1"\n[accounts]\nfile = "people.csv"\n'))


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_whatever_stands_in_it_is_a_usage_error_or_a_target(tmp_path_factory, text) -> None:
    """No content of a file brings a traceback."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text('url = "http://127.0.0.1"\n' + text, encoding="utf-8", errors="replace")
    with contextlib.suppress(UsageError):
        load(path)


@pytest.mark.parametrize(("host", "is_one"), [("localhost", True), ("127.8.0.1", True), ("::1", True),
                                              ("10.0.0.1", False), ("ent.example.fr", False)])  # fmt: skip
def test_loopback(host, is_one) -> None:
    """By the name as it is written."""
    assert is_loopback(host) is is_one


def test_a_target_is_called_by_its_name_else_by_host_and_port(write) -> None:
    """Never by the name of the file, nor by that of another target; without a file likewise."""
    named = 'name = "préproduction"\nurl = "http://127.0.0.1:8080"\n'
    assert load(write("a.toml", named)).name == "préproduction"
    assert load(write("a.toml", 'url = "http://127.0.0.1:8080/portail"\n')).name == "127.0.0.1:8080"
    assert choose("http://127.0.0.1:8080").name == "127.0.0.1:8080"
    assert choose("http://[::1]:80/").name == "[::1]:80"
    assert choose("http://localhost").name == "localhost"
    assert choose(str(write("a.toml", named))).name == "préproduction"
