"""What a sandbox knows from one request to the next: sign-ons, tickets, allowances, orders.

`local.LocalState` keeps it in memory, for one process; `shared.SharedState` in the database, for several. Both do the
same. They are imported where they are made: the interface alone costs nothing.
"""

from entsandbox.state.session import PortalSession, Session, Sessions
from entsandbox.state.state import State
from entsandbox.state.tickets import OneTime

__all__ = ["OneTime", "PortalSession", "Session", "Sessions", "State"]
