"""nginx dressed as a portal: every path that the portal's driver opens, each page with its assets, calls and list.

The paths are the driver's own, so that a page it learns to open is served here without a word.
"""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOLS = {"http": "auto", "https-http1": "1.1", "https-http2": "2"}  # and what target files and clients call them
ASSETS, CALLS, ITEMS = 9, 5, 3
PAGE_BYTES, ASSET_BYTES = 12_000, 8_000
PORTAL = """
  location = /cas/login {{
    if ($request_method = POST) {{ return 302 /etab/landing/accueil; }}
    default_type text/html; alias {folder}/www/login.html;
  }}
  location ~ ^/etab/[^/]+/(?<path>[a-z-]+) {{
    error_page 405 =200 /pages/$path.html;
    try_files /pages/$path.html =404;
  }}
  location /academie/ {{ try_files /pages/actualites.html =404; }}
  location /api/ {{ default_type application/json; return 200 '{{"ok":true}}'; }}
"""
LOGIN = (
    '<!doctype html><form method="post"><input type="hidden" name="execution" value="e1s1">'
    '<input name="username"><input name="password" type="password"></form>'
)
PAGE = (
    '<!doctype html><html><head><meta name="ent-service" content="{service}"><meta name="csrf" content="c">{links}'
    '</head><body data-xhr="{calls}"><a href="/academie/lyon/">Lyon</a>{items}'
    '<select name="destinataire"><option value="1A">1A</option></select>'
    '<input type="checkbox" name="absents" value="e1">{text}</body></html>'
)


def paths() -> dict[str, str]:
    """The service that is expected at each path of a school's portal, for whatever the driver can be asked to open."""
    from entsurge.drivers.portal import PortalDriver
    from entsurge.drivers.portal_pages import reading
    from entsurge.visit.session import Memory

    newcomer = SimpleNamespace(memory=Memory(), random=random.Random(1))
    found = {}
    for action, spec in PortalDriver.actions.items():
        found[reading(newcomer, spec.service, action).partition("?")[0]] = spec.service
    return found


def dress(www: Path) -> None:
    """A portal's pages: each with nine assets, revalidated by their ETag, five XHR, and a list of three."""
    (www / "login.html").write_text(LOGIN)
    for folder in ("pages", "static"):
        (www / folder).mkdir()
    for number in range(ASSETS):
        (www / "static" / f"part-{number}.js").write_text("//" + "x" * ASSET_BYTES)
    for path, service in paths().items():
        (www / "pages" / f"{path}.html").write_text(_page(path, service))


def _page(path: str, service: str) -> str:
    return PAGE.format(
        service=service,
        links="".join(f'<script src="/static/part-{number}.js"></script>' for number in range(ASSETS)),
        calls=" ".join(f"/api/part-{number}" for number in range(CALLS)),
        items="".join(f'<a href="/etab/landing/{path}/{number}">{number}</a>' for number in range(1, ITEMS + 1)),
        text="x" * PAGE_BYTES,
    )
