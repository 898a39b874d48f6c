"""A page's assets: of hosts that may be spoken to, and only of pages."""

import pytest

from entsurge.client.allow_list import AllowList
from entsurge.client.response import Headers, Response
from entsurge.selectors import assets, selector

PAGE = b"<script src=/a></script><img src=//cdn.test/b><img src=//elsewhere.test/c><img src=//ENT.test:8443/d>"


def page(kind: bytes = b"text/html; charset=utf-8") -> Response:
    return Response("GET", "http://ent.test/x", 200, Headers([(b"Content-Type", kind)]), PAGE)


def test_assets_are_of_the_pages_host_and_of_the_targets() -> None:
    """What stands elsewhere is not asked for."""
    found = assets(page(), AllowList(hosts=["cdn.test"]))
    assert found == ["http://ent.test/a", "http://cdn.test/b", "http://ent.test:8443/d"]


def test_what_is_no_page_has_no_assets() -> None:
    """A document that holds markup as text is no page; one that does not say what it is may be."""
    assert assets(page(b"application/json"), AllowList()) == []
    assert len(assets(page(b""), AllowList())) == 2


@pytest.mark.parametrize("text", ["a[", "a:nth-child(2n+1 of b)", "a:no", "form:not", "::before", "a:not(" * 5000])
def test_what_is_no_selector_is_refused(text: str) -> None:
    """Whether it is no CSS, or CSS that cannot be looked for."""
    with pytest.raises(ValueError, match="not a CSS selector: "):
        selector(text)
