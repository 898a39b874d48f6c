"""So many of PostgreSQL's connections are taken: the application finds none."""

from typing import Annotated, ClassVar

from pydantic import Field

from entsurge.chaos.postgres import PostgresFault
from entsurge.errors import EntsurgeError


class PostgresSessions(PostgresFault):
    """Hold `sessions` connections; `at_least` of them must be had, since the server may be full before."""

    kind: ClassVar[str] = "postgres-sessions"
    sessions: Annotated[int, Field(ge=1, le=10_000)]
    at_least: Annotated[int, Field(ge=1)] = 1

    def apply(self, lease_seconds: float) -> None:
        """Connect until there are enough, or the server has no more."""
        for number in range(self.sessions):
            try:
                self.session(lease_seconds)
            except EntsurgeError:
                if number < self.at_least:
                    raise
                return
