"""jh2's framing as a browser sets it up: no pushes, Chromium's windows, a goodbye that ends only what is new."""

from __future__ import annotations

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
)
_SETTINGS = {
    SettingCodes.ENABLE_PUSH: 0,
    SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
    SettingCodes.MAX_HEADER_LIST_SIZE: LARGEST_HEAD,
}
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
        self.initiate_connection()
        self.increment_flow_control_window(CONNECTION_WINDOW - 65_535)

    def free(self) -> None:
        """Break jh2's circle of itself and its methods; nothing can be received any more."""
        self._frame_dispatch_table.clear()

    def _receive_goaway_frame(self, frame: Any) -> Any:
        before, unsent = self.state_machine.state, self.data_to_send()
        found = super()._receive_goaway_frame(frame)
        self.state_machine.state, self._data_to_send = before, bytearray(unsent)
        return found


def told(code: int) -> str:
    """The name of an error code of HTTP/2, and what can be done about it where something can."""
    name = code.name if isinstance(code, ErrorCodes) else f"error {int(code):#x}"
    return f"{name}{_HINTS.get(name, '')}"
