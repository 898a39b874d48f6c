"""An observed week as files that `entsurge plan` takes: a profile, its shape, its personas, its bell if it rings."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from entsurge.audience import profile as profiles
from entsurge.audience.persona import PERSONAS
from entsurge.audience.shape import DAYS, FIRST_HOUR, SERVICES
from entsurge.calibration.observed import ALL
from entsurge.calibration.shown import counted
from entsurge.errors import CannotRecord, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from entsurge.audience.shape import Mixes, Shape
    from entsurge.calibration.observed import Observed

WINDOW_VISITS = 250
RINGS_FROM_PERCENT = 25


def write(found: Observed, path: Path, *, baseline: str = "ordinary-week") -> list[Path]:
    """Write ours.toml, ours-shape.toml, ours-personas.toml (and ours-bell.toml); the files, the profile first.

    What the source does not tell is taken from `baseline` and said in the files. Raises UsageError, CannotRecord.
    """
    if path.suffix != ".toml":
        raise UsageError(f"{path}: a profile's name ends in .toml")
    base, stem = profiles.load(baseline), path.stem
    texts = {path.with_name(f"{stem}-personas.toml"): "\n".join(_personas(found, base.mixes)) + "\n"}
    if found.hourly:
        texts[path.with_name(f"{stem}-shape.toml")] = "\n".join(_shape(found, base.shape)) + "\n"
    rings = found.bell_percent is not None and found.bell_percent >= RINGS_FROM_PERCENT
    if rings:
        texts[path.with_name(f"{stem}-bell.toml")] = "\n".join(_bell(found)) + "\n"
    texts = {path: "\n".join(_profile(found, base, stem, rings=rings)) + "\n"} | texts
    try:
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRecord(f"{path}: {error.strerror or error}") from None
    profiles.load(str(path) if "/" in str(path) else f"./{path}")
    return list(texts)


def _profile(found: Observed, base: profiles.Profile, stem: str, *, rings: bool) -> Iterator[str]:
    day, hour, most = found.busiest
    visits = max(1, round(found.visits_per_week))
    pages = found.pages_per_week
    minutes = _minutes(found)
    share = min(1.0, WINDOW_VISITS / max(most, 1.0)) if found.hourly else WINDOW_VISITS / max(visits / 40, 1.0)
    yield f"# Calibrated by `entsurge calibrate`: {_one_line(found.source)}."
    yield from (f"# {_one_line(note)}" for note in found.notes)
    if found.doubts:
        yield f"# Doubtful: {counted(len(found.doubts), 'warning')} given; `entsurge calibrate` says them again."
    yield f"title = {{ fr = {_text(found.title)}, en = {_text(found.title)} }}"
    yield f"source = {_text(found.source)}"
    if pages is None or minutes is None:
        missing = "pages per visit" if pages is None else "minutes per visit"
        yield f"# Not in the source, taken from the baseline: {missing}."
        yield f"baseline = {_text(base.name)}"
    yield f"shape = {_text(f'./{stem}-shape.toml' if found.hourly else base.file.shape)}"
    yield f"personas = {_text(f'./{stem}-personas.toml')}"
    if rings:
        yield f"bell = {_text(f'./{stem}-bell.toml')}"
    yield from ("", "[figures]", f"visits = {visits}")
    if pages is not None:
        yield f"page_views = {max(visits, round(pages))}"
    if minutes is not None:
        yield f"minutes_per_visit = {minutes:.4f}"
    yield from (
        "",
        "# The busiest hour that was observed." if found.hourly else "# Reasoned: the source knows no hours.",
    )
    yield from ("[window]", f'day = "{day}"', f'from = "{hour:02d}:00"', f'to = "{hour + 1:02d}:00"')
    yield from ("", "[replay]", f'scale = "1/{max(1, math.ceil(1 / share))}"', "compression = 45", 'phase = "surge"')
    for persona in ("student", "teacher"):
        yield from ("", "[[objective]]", f'persona = "{persona}"', 'phase = "surge"', 'must = "p95 < 1600ms"')


def _minutes(found: Observed) -> float | None:
    """Minutes per visit: as published, or pages per visit × the mean time from a page to the next."""
    if found.minutes_per_visit is not None:
        return found.minutes_per_visit
    gaps, pages = found.gap_seconds, found.pages
    if not gaps or not pages:
        return None
    weight = sum(pages.get(persona, 0.0) for persona in gaps)
    mean = sum(seconds * pages.get(persona, 0.0) for persona, seconds in gaps.items()) / weight
    return sum(pages.values()) / found.visits_per_week * mean / 60 or None


def _shape(found: Observed, base: Shape) -> Iterator[str]:
    title = f"semaine de {found.title}", f"week of {found.title}"
    yield f"title = {{ fr = {_text(title[0])}, en = {_text(title[1])} }}"
    yield f"source = {_text(found.source)}"
    for persona in PERSONAS:
        curve = found.curve(persona)
        days = [sum(curve[24 * day : 24 * day + 24]) for day in range(len(DAYS))]
        hours = [sum(curve[24 * day + hour] for day in range(len(DAYS))) for hour in range(FIRST_HOUR, 24)]
        own = base.curve(persona)
        if not sum(hours):
            days, hours = [float(of.value) for of in own.days], [float(of.value) for of in own.hours]
        yield from ("", f"[{persona}]", f"days = {_weights(days, 100)}", f"hours = {_weights(hours, 99)}")


def _personas(found: Observed, base: Mixes) -> Iterator[str]:
    title = f"public de {found.title}", f"people of {found.title}"
    yield f"title = {{ fr = {_text(title[0])}, en = {_text(title[1])} }}"
    yield f"source = {_text(f'{found.source}; what it does not tell: {base.source}')}"
    yield f"requests_per_page = {base.requests_per_page}"
    whole = found.visits_per_week
    unknown = sum(found.visits.get(ALL, ())) / whole
    for persona in PERSONAS:
        own = sum(found.visits.get(persona, ())) / whole
        share = own + unknown * (float(base.visit_share(persona)) if not found.known else own / (1 - unknown))
        mix = found.mix.get(persona) or found.mix.get(ALL) or {}
        shares = _mix(mix) or {name: str(of) for name, of in base.mix(persona).pages.items()}
        yield from ("", f"[{persona}]", f"visit_share = {100 * share:.4f}")
        yield f"protected = {'true' if base.mix(persona).protected else 'false'}"
        yield "pages = { " + ", ".join(f"{name} = {of}" for name, of in shares.items()) + " }"


def _mix(pages: dict[str, float]) -> dict[str, str]:
    total = sum(pages.values())
    return {name: f"{100 * pages[name] / total:.4f}" for name in SERVICES if pages.get(name)} if total else {}


def _bell(found: Observed) -> Iterator[str]:
    yield f"title = {{ fr = {_text('sonnerie observée')}, en = {_text('bell as observed')} }}"
    yield f"source = {_text(found.source)}"
    yield from (f"percent = {found.bell_percent:.2f}", "minutes = 10", "hours = [8, 9, 10, 11, 12, 13, 14, 15, 16]")
    yield f"days = {json.dumps(list(DAYS[:5]))}"


def _weights(values: list[float], total: float) -> str:
    whole = sum(values) or 1.0
    return "[" + ", ".join(f"{value / whole * total:.4f}" for value in values) + "]"


def _text(value: str) -> str:
    """A TOML basic string."""
    return json.dumps(_one_line(value), ensure_ascii=False)


def _one_line(value: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
