"""Charts that answer the pointer: the same drawing once more, for Vega in the reader's browser, without a network."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version as library
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from entsurge import content
from entsurge.render.paint import PAINT, Drawing, drawn, finished, vega_lite_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WHOLE = "\n/* whole */\n"  # how a script that is kept ends, unless it is damaged
SPOT = 500  # square pixels around a point that answer
NOTICE = (
    "/* Vega, copyright 2015-2023 University of Washington Interactive Data Lab, and what it is made of; "
    "BSD-3-Clause and ISC licences. Shows values under the pointer; asks no network. */"
)


def values(name: str, rows: Sequence[Mapping[str, Any]], x: Any) -> Drawing:
    """Columns that light up under the pointer, one to each of these rows: `x` and texts by what they are of.

    A column reaches to the next one. `name` is the panel's own. They are left out of a drawing that stands still.
    """
    titles = [key for key in (rows[0] if rows else {}) if key != "x"]
    ends = [row["x"] for row in rows[1:]] + [row["x"] for row in rows[-1:]]
    fields = [
        {"x": row["x"], "x2": end, **{f"f{at}": row[title] for at, title in enumerate(titles)}}
        for row, end in zip(rows, ends, strict=True)
    ]
    return {
        "data": {"values": fields},
        "params": [{"name": f"under_{name}", "select": {"type": "point", "on": "pointerover", "clear": "pointerout"}}],
        "mark": {"type": "rect", "color": PAINT["ink"]},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", **x.to_dict()},
            "x2": {"field": "x2"},
            "opacity": {"condition": {"param": f"under_{name}", "empty": False, "value": 0.15}, "value": 0},
            "tooltip": [{"field": f"f{at}", "type": "nominal", "title": title} for at, title in enumerate(titles)],
        },
    }


def marks(name: str, rows: Sequence[Mapping[str, Any]], x: Any, y: Any) -> Drawing:
    """Spots that light up under the pointer, one to each of these rows: `x`, `y`, and texts by what they are of."""
    titles = [key for key in (rows[0] if rows else {}) if key not in ("x", "y")]
    fields = [
        {"x": row["x"], "y": row["y"], **{f"f{at}": row[title] for at, title in enumerate(titles)}} for row in rows
    ]
    return {
        "data": {"values": fields},
        "params": [{"name": f"under_{name}", "select": {"type": "point", "on": "pointerover", "clear": "pointerout"}}],
        "mark": {"type": "circle", "color": PAINT["ink"], "size": SPOT},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", **x.to_dict()},
            "y": {"field": "y", "type": "quantitative", **y.to_dict()},
            "opacity": {"condition": {"param": f"under_{name}", "empty": False, "value": 0.15}, "value": 0},
            "tooltip": [{"field": f"f{at}", "type": "nominal", "title": title} for at, title in enumerate(titles)],
        },
    }


def still(drawing: Any) -> Any:
    """The drawing without what answers the pointer."""
    if isinstance(drawing, list):
        return [still(each) for each in drawing if not (isinstance(each, dict) and "params" in each)]
    return {key: still(each) for key, each in drawing.items()} if isinstance(drawing, dict) else drawing


@dataclass(frozen=True)
class Chart:
    """A chart as it stands, and as Vega draws it where the pointer comes."""

    svg: Markup
    values: Markup


def chart(drawing: Drawing, lang: str) -> Chart:
    """A drawing in both forms."""
    return Chart(drawn(still(drawing), lang), answering(drawing, lang))


def answering(drawing: Drawing, lang: str) -> Markup:
    """The drawing in Vega-Lite, to stand in a script element of the page; no text of a target can end that."""
    text = json.dumps(finished(drawing, lang), ensure_ascii=False, separators=(",", ":"))
    for name, colour in PAINT.items():
        text = text.replace(colour, f"var(--{name})")
    return Markup(text.replace("<", "\\u003c").replace("\u2028", " ").replace("\u2029", " "))  # noqa: S704


@lru_cache(maxsize=1)
def script() -> Markup:
    """Vega and what shows its values, for the end of a page."""
    own = (content.root("reports") / "hover.js").read_text(encoding="utf-8")
    return Markup(f"{NOTICE}\n(() => {{{_vega()}\n}})();\n{own}".replace("</script", "<\\/script"))  # noqa: S704  no text of a run


def _vega() -> str:
    """Vega in one script, as it was kept when it was first put together: that takes a second and a half."""
    version = vega_lite_version()
    name = f"vega-{library('vl-convert-python')}-{version}.js"
    kept = _kept(name)
    if not kept:
        kept = _bundle(version)
        with suppress(OSError, RuntimeError):  # nowhere to keep it: it is put together each time
            _keep(name, kept)
    return kept


def _kept(name: str) -> str:
    """What was kept; nothing where it is damaged or somebody else's, since it becomes a part of pages."""
    with suppress(OSError, RuntimeError, ValueError):
        path = kept_folder() / name
        text = path.read_text(encoding="utf-8") if path.stat().st_uid == os.getuid() else ""
        return text.removesuffix(WHOLE) if text.endswith(WHOLE) else ""
    return ""


def _keep(name: str, text: str) -> None:
    folder = kept_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=f".{name}.", delete=False) as part:
        try:
            part.write(text + WHOLE)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(folder / name)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise


def _bundle(version: str) -> str:
    import vl_convert

    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return bundle


def kept_folder() -> Path:
    """For what can be made again at any time: entsurge/ in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "entsurge"
