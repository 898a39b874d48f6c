"""The head of an answer in HTTP/2: a status and its fields, or what is wrong with it in a browser's eyes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from entsurge.client.failure import ProtocolBroken, TooLarge
from entsurge.client.message import MOST_HEADERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entsurge.client.http2_stream import Field

_NAME = re.compile(rb":?[!#$%&'*+.^_`|~0-9a-z-]+")
_BROKEN = re.compile(rb"[\0\r\n]")
_LONGEST_REMEMBERED = 2048  # bytes of names: a server that makes up new ones must not fill our memory


def read_head(fields: Sequence[Field]) -> tuple[int, list[Field]]:
    """The status, and the fields without those of the protocol itself. Raises TooLarge, ProtocolBroken.

    Heads of one server have the same names again and again: what their names say of them is remembered, and all
    values are searched at once. Whatever is not plainly well-formed is left to `fault_of`.
    """
    if len(fields) > MOST_HEADERS:
        raise TooLarge(f"more than {MOST_HEADERS} header fields")
    names = b"\n".join([name for name, _ in fields])
    values = b"".join([value for _, value in fields])
    own = (_own_fields if len(names) <= _LONGEST_REMEMBERED else _own_fields.__wrapped__)(names, len(fields))
    if own and not (b"\0" in values or b"\r" in values or b"\n" in values):
        status = fields[0][1]
        if len(status) == 3 and status.isdigit():
            return int(status), list(fields[own:])
    fault = fault_of(fields)
    if fault:
        raise ProtocolBroken(fault)
    status = next(value for name, value in fields if name == b":status")
    return int(status), [field for field in fields if field[0][:1] != b":"]


@lru_cache(maxsize=1024)
def _own_fields(joined: bytes, count: int) -> int:
    """How many fields of the protocol come first, of a head with these names, `:status` before all; 0: look closer."""
    names = joined.split(b"\n")
    own = next((at for at, name in enumerate(names) if name[:1] != b":"), count)
    sound = (
        len(names) == count  # a name with a line end in it would look like two
        and names[0] == b":status"
        and names.count(b":status") == 1
        and b"transfer-encoding" not in names
        and all(_NAME.fullmatch(name) for name in names)
        and not any(name[:1] == b":" for name in names[own:])
    )
    return own if sound else 0


def fault_of(fields: Sequence[Field]) -> str:
    """What ends the stream of a response with these fields in a browser; empty for nothing.

    It is what Chromium does. RFC 9113, 8.2, refuses fields of a connection too (`connection`, `keep-alive`, `upgrade`);
    Chromium passes over them, but for `transfer-encoding`.
    """
    statuses = [value for name, value in fields if name == b":status"]
    if len(statuses) != 1 or len(statuses[0]) != 3 or not statuses[0].isdigit():
        return f"not one status: {statuses}"
    regular = False
    for name, value in fields:
        pseudo = name[:1] == b":"
        if (pseudo and regular) or not _NAME.fullmatch(name) or _BROKEN.search(value):
            return f"no header field: {name[:60]!r}"
        regular = regular or not pseudo
    return "Transfer-Encoding has no place in HTTP/2" if any(name == b"transfer-encoding" for name, _ in fields) else ""


def is_interim(fields: Sequence[Field]) -> bool:
    """Whether these are the fields of an interim answer (1xx)."""
    for name, value in fields:
        if name == b":status":
            return value[:1] == b"1"
        if name[:1] != b":":
            break
    return False
