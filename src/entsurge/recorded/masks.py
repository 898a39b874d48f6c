"""The masks that stand in a draft: where each is, by page, request and field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from entsurge.recorded.values import MASKED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_IN_QUERY = re.compile(rf"[?&]([^=&?#]*)=[^&#]*{MASKED}")


def masks(file: Mapping[str, Any]) -> list[str]:
    """A sentence for every value of a draft that is masked, in the file's order; each once."""
    said = []
    for name in ("door", "sign_on", "signs"):
        said += [f"{key}: {MASKED}: say what belongs there" for key in _keys(file.get(name), name)]
    for page in file["page"]:
        for number, request in enumerate(page["request"], 1):
            for key in _keys(request, ""):
                where = f"{page['action']}, request {number}, {key}"
                said.append(f"{where}: {MASKED}: extract it from the answer that shows it, or write what belongs there")
    return list(dict.fromkeys(said))


def _keys(value: Any, key: str) -> Iterator[str]:
    """The keys of texts that hold a mask; of an address, the field of the query."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from ([f"{key}, a name"] if MASKED in name else _keys(each, f"{key}.{name}".lstrip(".")))
    elif isinstance(value, list):
        pairs = key == "form" and all(isinstance(each, list) and len(each) == 2 for each in value)
        for each in value:
            yield from _keys(each[1], f"{key}.{each[0]}") if pairs else _keys(each, key)
    elif isinstance(value, str) and MASKED in value:
        fields = _IN_QUERY.findall(value) if key == "url" else []
        yield from (f"{key}, {field}" for field in fields) if fields else (key,)
