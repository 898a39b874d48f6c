"""What the schools have written, by service: each module here is one service's tables as Python sees them.

Functions take the connection of a transaction (`Database.run` or `Ent.page` gives one) and plain values, answer
named tuples, and check nothing: who may see what is `reach`'s business.
"""

from entsandbox.state.store.database import Database, Unavailable

__all__ = ["Database", "Unavailable"]
