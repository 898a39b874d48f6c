"""jh2's framing as a browser sets it up: no pushes, Chromium's windows, a goodbye that ends only what is new."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jh2.config import H2Configuration
from jh2.connection import H2Connection
from jh2.errors import ErrorCodes
from jh2.settings import SettingCodes, Settings

from entsurge.client.forgiving import LARGEST_HEAD

STREAM_WINDOW = 6 * 1024 * 1024  # what Chromium gives a stream, and a connection
CONNECTION_WINDOW = 15 * 1024 * 1024
_CONFIG = H2Configuration(
    client_side=True,
    header_encoding=None,
    validate_outbound_headers=False,  # they are our own, and made for the wire already
    normalize_outbound_headers=False,
    validate_inbound_headers=False,  # jh2 ends the connection for it, a browser the stream: see `fault_of`
)
_SETTINGS = {
    SettingCodes.ENABLE_PUSH: 0,
    SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
    SettingCodes.MAX_HEADER_LIST_SIZE: LARGEST_HEAD,
}
_UNSAID = {SettingCodes.HEADER_TABLE_SIZE: 4096, SettingCodes.INITIAL_WINDOW_SIZE: 65_535}
"""What holds of a server that does not say otherwise (RFC 9113, 6.5.2): jh2 takes Chromium's own values for it."""
_NAME = re.compile(rb":?[!#$%&'*+.^_`|~0-9a-z-]+")
_BROKEN = re.compile(rb"[\0\r\n]")
_HINTS = {
    "HTTP_1_1_REQUIRED": '; say http = "1.1" in the target file',
    "ENHANCE_YOUR_CALM": "; the server takes this for too much",
}


class Frames(H2Connection):
    """jh2's state machine, its greeting ready to be sent.

    It takes GOAWAY for the end of all streams; here it is the end of new ones (RFC 9113, 6.8).
    """

    def __init__(self) -> None:
        super().__init__(_CONFIG)
        self.local_settings = Settings(client=True, initial_values=_SETTINGS)
        self.remote_settings = Settings(client=False, initial_values=_UNSAID)
        self.initiate_connection()
        self.increment_flow_control_window(CONNECTION_WINDOW - 65_535)

    def _begin_new_stream(self, stream_id: int, allowed_ids: Any) -> Any:
        """A stream whose body is as long as its frames say: Chromium does not look at Content-Length in HTTP/2."""
        stream = super()._begin_new_stream(stream_id, allowed_ids)
        stream._initialize_content_length = _not_believed  # noqa: SLF001  jh2 has no setting for it
        return stream

    def free(self) -> None:
        """Break jh2's circle of itself and its methods; nothing can be received any more."""
        self._frame_dispatch_table.clear()

    def _receive_goaway_frame(self, frame: Any) -> Any:
        before, unsent = self.state_machine.state, self.data_to_send()
        found = super()._receive_goaway_frame(frame)
        self.state_machine.state, self._data_to_send = before, bytearray(unsent)
        return found


def _not_believed(_headers: object) -> None:
    """A Content-Length that says nothing."""


def fault_of(fields: list[tuple[bytes, bytes]]) -> str:
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
        if (pseudo and regular) or not _is_name(name) or _BROKEN.search(value):
            return f"no header field: {name[:60]!r}"
        regular = regular or not pseudo
    return "Transfer-Encoding has no place in HTTP/2" if any(name == b"transfer-encoding" for name, _ in fields) else ""


@lru_cache(maxsize=1024)
def _is_name(name: bytes) -> bool:
    return _NAME.fullmatch(name) is not None


def told(code: int) -> str:
    """The name of an error code of HTTP/2, and what can be done about it where something can."""
    name = code.name if isinstance(code, ErrorCodes) else f"error {int(code):#x}"
    return f"{name}{_HINTS.get(name, '')}"
