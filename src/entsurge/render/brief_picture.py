"""The brief's one picture: that of the run's report, wide for a desk and paper, narrow for a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.render import picture
from entsurge.render.catalogue import catalogue, with_personas
from entsurge.render.html import NARROW_PICTURE, anything
from entsurge.render.numbers import Numbers

if TYPE_CHECKING:
    from entsurge.findings.report import RunFindings
    from entsurge.render.hover import Chart

WIDTHS = {"narrow": NARROW_PICTURE, "wide": 772}


def draw_brief(run: RunFindings, language: str) -> dict[str, Chart]:
    """The picture in both widths, by name. None of a run that shows nothing or is not to be believed."""
    if run.verdict == "INVALID" or not anything(run.timeline):
        return {}
    words = with_personas(catalogue("messages", language), language, run.personas)
    return {
        name: picture.draw(run, words, Numbers(language), width, picture.scales([run], words, width))
        for name, width in WIDTHS.items()
    }
