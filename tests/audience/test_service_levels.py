"""Service levels of a contract: to be filled in, owed over its hours, objectives once they are."""

from fractions import Fraction
from pathlib import Path

import pytest

from entsurge import content
from entsurge.audience import profile as profiles
from entsurge.audience import service_levels
from entsurge.audience.objective import parse_objective
from entsurge.errors import UsageError

SHIPPED = content.root("profiles") / "service-levels" / "contract.toml"
CONTRACT = """
title = { fr = "contrat", en = "contract" }
source = "article 12"
personas = ["student", "parent"]
[guaranteed-hours]
days = ["monday", "tuesday", "wednesday", "thursday", "friday"]
from = "08:00"
to = "18:00"
[availability]
percent = 99.5
[restoration]
hours = 4
[[response-time]]
service = "home"
percent = 95
seconds = 2.5
"""


def written(tmp_path: Path, text: str = CONTRACT) -> str:
    (tmp_path / "contract.toml").write_text(text, encoding="utf-8")
    return str(tmp_path / "contract.toml")


def test_what_a_contract_promises_is_what_the_run_is_judged_by(tmp_path: Path) -> None:
    """Each persona's availability and response time in the profile's phase, in place of its own objectives."""
    loaded = profiles.load("ordinary-week", overrides={"objectives": written(tmp_path)})
    said = {each.id: (each.service, each.phase, each.must) for each in loaded.file.objective}
    assert said == {
        f"contract-{name}-{persona}": (service, "baseline", must)
        for persona in ("student", "parent")
        for name, service, must in (
            ("availability", "*", "availability >= 99.5%"), ("time-home", "home", "p95 < 2.5s"),
        )
    }  # fmt: skip
    assert ("service-levels", "contract", tmp_path / "contract.toml") in loaded.sources


def test_the_time_to_restore_is_owed_where_faults_strike_and_shortened_as_the_run_is(tmp_path: Path) -> None:
    """Four hours are 320 s of a run that is compressed 45 times."""
    given = {"objectives": written(tmp_path), "faults": True, "compression": "45"}
    (must,) = {
        each.must for each in profiles.load("ordinary-week", overrides=given).file.objective if each.phase == "recovery"
    }
    assert parse_objective(must).bound == pytest.approx(4 * 3600 / 45)


def test_the_shipped_preset_is_refused_until_it_is_filled_in() -> None:
    """Every figure that is still to be filled in is named with file and key, and the way out is said."""
    with pytest.raises(UsageError) as refused:
        profiles.load("lockdown-2020", overrides={"objectives": "contract"})
    said = str(refused.value)
    assert said.count("to be filled in") == SHIPPED.read_text("utf-8").count('= "à renseigner"') == 13
    for key in (
        "source",
        "guaranteed-hours.from",
        "availability.percent",
        "restoration.hours",
        "response-time.0.seconds",
    ):
        assert f"contract.toml: {key}: found 'à renseigner'" in said
    assert "copy the file" in refused.value.hint


def test_a_month_of_guaranteed_hours() -> None:
    """Five days of ten hours a week make 217 hours a month."""
    hours = service_levels.GuaranteedHours.model_validate(
        {"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "08:00", "to": "18:00"}
    )
    assert hours.hours_a_month == pytest.approx(217.3, abs=0.1)


@pytest.mark.parametrize(
    ("old", "new", "profile", "expected"),
    [
        ("", "", "pause-numerique-monday", r"window \(monday 07:00 to 07:30\) lies outside; nothing is owed"),
        ("99.5", "101", "ordinary-week", "availability.percent"),
        ('"08:00"', '"19:00"', "ordinary-week", "must come after from"),
        ('service = "home"', 'service = "canteen"', "ordinary-week", "expected . or one of sign-on"),
        ('"parent"]', '"inspector"]', "ordinary-week", "contract.toml: personas: .*no persona 'inspector'"),
        ("[availability]\npercent = 99.5", "", "ordinary-week", None),
    ],
)
def test_a_contract_that_owes_nothing_or_nonsense_is_refused(
    tmp_path: Path, old: str, new: str, profile: str, expected: str | None
) -> None:
    """A window outside its hours, shares beyond the whole, unknown pages and people; tables it has not are left out."""
    name = written(tmp_path, CONTRACT.replace(old, new) if old else CONTRACT)
    if expected is None:
        assert profiles.load(profile, overrides={"objectives": name}).file.objective
        return
    with pytest.raises(UsageError, match=expected):
        profiles.load(profile, overrides={"objectives": name})


def test_restoration_alone_needs_a_fault(tmp_path: Path) -> None:
    """A run without one would be judged by nothing at all."""
    levels = CONTRACT.partition("[availability]")[0] + "[restoration]\nhours = 4\n"
    with pytest.raises(UsageError, match="restoration alone is promised"):
        profiles.load("ordinary-week", overrides={"objectives": written(tmp_path, levels)})
    read = service_levels.load(Path(written(tmp_path, levels)))
    assert len(read.objectives("surge", Fraction(1), faults=True)) == 2
