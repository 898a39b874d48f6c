"""Typed messages over Locust's runner: who listens to what, and what becomes of a message of the wrong shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entsurge.engine.messages import Misshapen, from_wire, to_wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from entsurge.engine.messages import M, Message

PREFIX = "entsurge-"


class Channel:
    """One end. `misshapen` hears who sent what could not be read, and what was wrong with it, in a sentence."""

    def __init__(self, runner: Any, misshapen: Callable[[str, str], None]) -> None:
        self._runner, self._misshapen = runner, misshapen

    def on(self, kind: type[M], listener: Callable[[M, str], None], *, concurrent: bool = False) -> None:
        """Call the listener with every message of this kind and its sender; `concurrent`: in a greenlet of its own."""

        def hear(msg: Any, **_: Any) -> None:
            try:
                message = from_wire(kind, msg.data)
            except Misshapen as error:
                self._misshapen(str(msg.node_id), str(error))
            else:
                listener(message, str(msg.node_id))

        self._runner.register_message(PREFIX + kind.name, hear, concurrent=concurrent)

    def send(self, message: Message, identity: str | None = None) -> None:
        """Send to the worker of this identity, or to the master."""
        more = {} if identity is None else {"client_id": identity}
        self._runner.send_message(PREFIX + message.name, to_wire(message), **more)
