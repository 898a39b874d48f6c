"""Whether a plan fits a target's product: every service that a persona visits has a page that it may read."""

from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.drivers import registry
from entsurge.errors import UsageError
from entsurge.plan.people import presence, presence_in
from entsurge.targets.file import load
from entsurge.targets.fit import check_services, fitting

PAGE = '[[page]]\nservice = "{service}"\naction = "open-{service}"\n{more}\n[[page.request]]\nurl = "/"\n'
SERVICES = ["home", "messages", "homework", "lesson-book", "files", "marks", "absences", "news", "chat", "video-class"]


def product(path: Path, services: list[str], **more: str):
    """A driver in TOML with a page for each service; `more` are lines for the page of one, `-` written as `_`."""
    pages = [PAGE.format(service=each, more=more.get(each.replace("-", "_"), "")) for each in services]
    path.write_text('[signs]\nsigned_on = [{ text = "Bonjour" }]\n' + "".join(pages), encoding="utf-8")
    return registry.make(str(path), registry.Setting("http://127.0.0.1"))


def test_a_page_that_only_others_have_is_none(tmp_path: Path) -> None:
    """Named with those who lack it; what stands in must be theirs too; a service of nobody's is named alone."""
    lockdown = profiles.load("lockdown-2020")
    check_services(lockdown, product(tmp_path / "whole.toml", SERVICES), {})
    teachers = product(tmp_path / "part.toml", SERVICES[:-1], files='personas = ["teacher", "staff"]')
    with pytest.raises(UsageError, match=r"no pages of files \(for student, parent\), video-class, which") as told:
        check_services(lockdown, teachers, {})
    assert 'files = "absences", video-class = "absences"' in told.value.hint
    check_services(lockdown, teachers, {"files": "home", "video-class": "home"})
    with pytest.raises(UsageError, match=r"video-class \(for student\), which"):
        check_services(lockdown, teachers, {"files": "home", "video-class": "files"})


def accounts_of(write, *academies: str) -> Path:
    """A target file with 400 accounts of each persona in each academy; without one where it is empty."""
    people = ("student", "teacher", "parent", "staff")
    rows = [f"{who},{who}{n}{each},S,{each}" for each in academies for who in people for n in range(400)]
    write("accounts.csv", "\n".join(["persona,login,school,academy", *rows]))
    return write(
        "cible.toml",
        'name = "cible"\nurl = "http://127.0.0.1:8080"\n'
        '[accounts]\nfile = "accounts.csv"\npassword = { env = "MDP" }\n',
    )


def test_an_academy_in_its_holidays_does_not_send_its_accounts(write, monkeypatch) -> None:
    """On 22 February 2027 zone C is back and zone A is away; who is of no academy comes as all of them together do."""
    monkeypatch.setenv("MDP", "x")
    back = profiles.load("returns-2026-27", overrides={"date": "2027-02-22", "scale": "1/200000"})
    target = load(accounts_of(write, "Paris", "Lyon", ""))
    fitting(target, back)
    groups = {each.name: each for each in target.accounts.groups(back.personas, present=partial(presence_in, back))}
    assert groups["Paris"].present[0] == Fraction(5, 4)
    assert groups["Lyon"].present[0] == Fraction(1, 20)
    assert groups["all"].present == presence(back)


def test_an_academy_whose_holidays_nobody_knows_is_refused(write, monkeypatch) -> None:
    """File, key and what to do; a profile without a date asks no calendar."""
    monkeypatch.setenv("MDP", "x")
    back = profiles.load("returns-2026-27", overrides={"scale": "1/200000"})
    with pytest.raises(UsageError, match=r"accounts\.csv: academy: Corse, Lyonne: no calendar") as told:
        fitting(load(accounts_of(write, "Corse", "Lyonne", "Paris")), back)
    assert (told.value.exit_code, "the academies are Clermont-Ferrand" in str(told.value.hint)) == (2, True)
    with pytest.raises(UsageError, match=r"academy: Corse: no calendar") as told:
        fitting(load(accounts_of(write, "Corse")), back)
    assert "[[calendar.holiday]]" in str(told.value.hint)
    fitting(load(accounts_of(write, "Corse", "Lyonne")), profiles.load("ordinary-week", overrides={"scale": "1/20000"}))
