"""HAProxy says so in one of its maps: a measure that its configuration has ready, switched without a reload."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import Field

from entsurge.chaos.haproxy import HaproxyFault, ask
from entsurge.errors import EntsurgeError

_VALUE = re.compile(r'found=yes.*\bvalue="([^"]*)"')


class HaproxyMap(HaproxyFault):
    """`key` of the map that HAProxy read from `map_file` has `value`, and at the end again the one that it had.

    A reload reads the file anew, so that it is said again with each lease.
    """

    kind: ClassVar[str] = "haproxy-map"
    evidence: ClassVar[None] = None  # what a line of a map does is the configuration's affair
    map_file: Annotated[str, Field(pattern=r"^[^\s;]+$")]
    key: Annotated[str, Field(pattern=r"^[^\s;]+$")]
    value: Annotated[str, Field(pattern=r"^[^\s;]+$")] = "on"

    def refusals(self) -> list[str]:
        """Whether HAProxy has the line."""
        try:
            self.prepare()
        except EntsurgeError as error:
            return [str(error)]
        return []

    def prepare(self) -> dict[str, Any]:
        """The value that it has now."""
        answer = ask(self.socket, f"get map {self.map_file} {self.key}")
        found = _VALUE.search(answer)
        if found is None:
            raise EntsurgeError(f"HAProxy has no {self.key} in the map {self.map_file}: {answer.strip()}")
        return {"value": found[1]}

    def apply(self, lease_seconds: float) -> None:
        """The value."""
        del lease_seconds
        self.renew()

    def renew(self) -> None:
        """The value, whatever a reload has made of it."""
        self.command(self._set(self.value))

    def back(self, before: dict[str, Any]) -> list[str]:
        """The value as it was."""
        return [self._set(before["value"])] if before else []

    def _set(self, value: str) -> str:
        return f"set map {self.map_file} {self.key} {value}"
