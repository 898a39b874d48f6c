"""The page in a language: its words, and those that its script needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsurge import content
from entsurge.audience.persona import SHIPPED, of_manifest
from entsurge.catalogue import LANGUAGES, catalogue
from entsurge.live.course import NOW_SECONDS
from entsurge.render.catalogue import target_name, with_personas
from entsurge.render.page import environment

if TYPE_CHECKING:
    from entsurge.record.reading.shapes import Manifest

FILES = {"report.css": "text/css", "live.css": "text/css", "live.js": "text/javascript"}
_PREFERRED = re.compile(r"\s*([a-z]{1,8})(?:-[a-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*", re.IGNORECASE)


def language_of(asked: str, accepts: str) -> str:
    """The language that was chosen on the page, else the one that the browser would rather have; English else."""
    if asked in LANGUAGES:
        return asked
    best, weight = "en", 0.0
    for part in accepts.split(","):
        found = _PREFERRED.fullmatch(part)
        if found and found[1].lower() in LANGUAGES and float(found[2] or 1) > weight:
            best, weight = found[1].lower(), float(found[2] or 1)
    return best


def page(language: str, manifest: Manifest | None, button: str) -> str:
    """The whole page. `button` is the token that its buttons carry."""
    words = _words(language, manifest)
    title = (manifest.get("title", {}).get(language) or manifest["profile"]) if manifest else ""
    return environment().get_template("live.html.j2").render(
        words=words, lang=language, other=next(each for each in LANGUAGES if each != language),
        title=title, target=_target(manifest, language) if manifest else "",
        scale=manifest["scale"] if manifest else "", compression=manifest["compression"] if manifest else 1,
        button=button, now_seconds=NOW_SECONDS, script=words | {"language": language},
    )  # fmt: skip


def token_page() -> str:
    """What whoever has shown no token sees, in both languages: a field for it, and nothing else."""
    return (
        environment()
        .get_template("live-token.html.j2")
        .render(words=[(language, catalogue("live", language)["token"]) for language in LANGUAGES])
    )


def file(name: str) -> str:
    """One of FILES."""
    return (content.root("reports") / name).read_text(encoding="utf-8")


def _target(manifest: Manifest, language: str) -> str:
    return target_name(manifest["target"].get("name") or manifest["target"]["url"], language)


def _personas(manifest: Manifest | None) -> dict[str, Any]:
    return of_manifest(manifest) if manifest else {each.key: each for each in SHIPPED}


def _words(language: str, manifest: Manifest | None) -> dict[str, Any]:
    """The page's words, what personas are called among them, and the order in which personas and services are shown."""
    personas = _personas(manifest)
    words = with_personas(catalogue("live", language), language, personas.values())
    return words | {"order": {"personas": list(personas), "services": list(words["services"])}}
