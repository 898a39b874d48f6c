"""A target's app: named in its file, assumed of the embedded ENT alone; what becomes of visits by app without one."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from entsurge.audience import profile as profiles
from entsurge.engine.devices import equipment, played
from entsurge.engine.manifest import unmeasured, unmeasured_by_device
from entsurge.engine.target_access import TargetAccess
from entsurge.errors import UsageError
from entsurge.targets.app import playable
from entsurge.targets.fit import check_services

URL = "http://127.0.0.1:1"
TODAY = "pause-numerique-monday"
TARGET = 'url = "http://127.0.0.1:1"\n'


def access(folder: Path, text: str) -> TargetAccess:
    """The way to a target of this file."""
    (folder / "target.toml").write_text(TARGET + text)
    return TargetAccess(url=URL, driver="portal", target=str(folder / "target.toml"))


def test_the_embedded_ent_has_its_app_at_the_same_address() -> None:
    """A phone says so in its name and headers; every request says its device; the app has a driver of its own."""
    way = TargetAccess(url=URL, driver="portal")
    found = equipment(profiles.load(TODAY), way)
    assert {device: type(each.driver).__name__ for device, each in found.items()} == {
        "computer": "PortalDriver", "phone": "PortalDriver", "app": "SkolengoMobileDriver",
    }  # fmt: skip
    phone = found["phone"]
    assert "Mobile Safari" in phone.headers["User-Agent"]
    assert phone.headers["User-Agent"].endswith(way.access.agent)
    assert phone.headers["X-Entsurge-Device"] == "phone"
    assert phone.headers["Sec-CH-UA-Mobile"] == "?1"
    assert (phone.screen.width, phone.screen.touch, phone.kept_share) == (412, True, 0.12)
    assert "User-Agent" not in found["computer"].headers
    assert equipment(profiles.load("lockdown-2020"), way) == {}


def test_a_target_file_names_its_app(tmp_path: Path) -> None:
    """Its driver, its address (on a host that is allowed) and its sign-on."""
    assert access(tmp_path, "").app is None
    way = access(tmp_path, '[app]\ndriver = "skolengo-mobile"\nurl = "http://127.0.0.1:2/api"\n')
    assert getattr(way.app, "url", "") == "http://127.0.0.1:2/api"
    for text, said in {
        '[app]\nurl = "http://127.0.0.1:2"\n': "app.driver: missing",
        '[app]\ndriver = "skolengo-mobile"\nurl = "http://elsewhere.test"\n': "elsewhere.test: missing; app.url",
        '[app]\ndriver = "skolengo-mobile"\n[app.sign_on]\nmethod = "none"\n': "app.sign_on.method: found 'none'",
        '[app]\ndriver = "nobodys"\n': "no driver 'nobodys'",
    }.items():
        with pytest.raises(UsageError) as refused:
            access(tmp_path, text)
        assert said in refused.value.message


def test_an_app_s_new_passwords_need_leave_too(tmp_path: Path) -> None:
    """As those of the portal's sign-on do."""
    between = """[app]
driver = "skolengo-mobile"
[app.sign_on]
method = "form"
[app.sign_on.interstitial]
sign = "form#change"
url = "http://127.0.0.1:1/change"
password_fields = ["new"]
"""
    with pytest.raises(UsageError) as refused:
        access(tmp_path, between)
    assert "target.toml: app.sign_on.interstitial.password_fields: sends a password" in refused.value.message


def test_a_target_s_own_user_agent_stays(tmp_path: Path) -> None:
    """What was agreed with whoever runs the edge is sent by every device."""
    way = access(tmp_path, 'headers = { User-Agent = "agreed/1" }\n[app]\ndriver = "skolengo-mobile"\n')
    assert all("User-Agent" not in each.headers for each in equipment(profiles.load(TODAY), way).values())


def test_without_an_app_visits_come_by_phone_or_not_at_all() -> None:
    """As the devices file says; a refusal names file and key."""
    found = profiles.load(TODAY)
    there = playable(found, driver="entcore", has_app=False, target="x")
    assert float(there.device_shares("student")["phone"]) == 0.538
    assert there.device_shares("student")["app"] == 0
    assert playable(found, driver="portal", has_app=True, target="x") is found
    strict = found.devices.model_copy(update={"without_app": "refuse"})
    with pytest.raises(UsageError, match=r"dnma.toml: persona.student.app = 0.269: x has no app") as refused:
        playable(profiles.replace(found, devices=strict), driver="entcore", has_app=False, target="x")
    assert "[app]" in str(refused.value.hint)


def test_computers_are_not_sent_to_an_app() -> None:
    """`--driver skolengo-mobile` is everybody's driver: a profile with devices has no use for it."""
    with pytest.raises(UsageError, match="the driver skolengo-mobile is an app's"):
        playable(profiles.load(TODAY), driver="skolengo-mobile", has_app=False, target="x")
    plain = profiles.load(TODAY, overrides={"devices": "none"})
    assert playable(plain, driver="skolengo-mobile", has_app=False, target="x") is plain


def test_an_app_needs_pages_for_those_who_come_by_it(tmp_path: Path) -> None:
    """Not for staff, of whom nobody does; who lacks one reads the driver's name."""
    found = profiles.load(TODAY)
    way = TargetAccess(url=URL, driver="portal")
    portal, app = played(found, way)
    by_app = {who for who in found.personas if found.device_shares(who)["app"]}
    assert (portal[:2], app) == ((way.driver, "portal"), (way.app, "skolengo-mobile", by_app))
    assert portal[2] == set(found.personas)
    nothing = SimpleNamespace(actions={})
    check_services(found, nothing, {}, whose=(), called="skolengo-mobile")
    with pytest.raises(UsageError, match="the driver skolengo-mobile has no pages of home"):
        check_services(found, nothing, {}, whose=by_app, called="skolengo-mobile")


def test_teachers_who_come_by_an_app_that_cannot_publish_are_not_measured() -> None:
    """By the portal they are; the embedded ENT's own app lets them publish."""
    prepared = SimpleNamespace(profile=profiles.load(TODAY), access=TargetAccess(url=URL, driver="portal"))
    assert unmeasured_by_device(prepared) == {}
    prepared.access.app = SimpleNamespace(actions={})
    assert unmeasured(prepared) == {}
    assert unmeasured_by_device(prepared) == {"teacher": {"app": "no-page"}}
    prepared.profile = profiles.load("lockdown-2020")
    assert unmeasured_by_device(prepared) == {}
