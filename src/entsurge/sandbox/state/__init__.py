"""What a sandbox knows from one request to the next: sign-ons, tickets, allowances.

`LocalState` keeps it in memory, for one process; `SharedState` in the database, for several. Both do the same.
"""

from entsurge.sandbox.state.local import LocalState
from entsurge.sandbox.state.session import PortalSession, Session, Sessions
from entsurge.sandbox.state.shared import SharedState
from entsurge.sandbox.state.state import State
from entsurge.sandbox.state.tickets import OneTime

__all__ = ["LocalState", "OneTime", "PortalSession", "Session", "Sessions", "SharedState", "State"]
