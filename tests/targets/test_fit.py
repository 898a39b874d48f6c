"""Whether a plan fits a target's product: every service that a persona visits has a page that it may read."""

from pathlib import Path

import pytest

from entsurge.audience import profile as profiles
from entsurge.drivers import registry
from entsurge.errors import UsageError
from entsurge.targets.fit import check_services

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
