"""The embedded reference ENT: fictitious schools on a portal whose capacity is known by computation."""

from entsandbox.load.computed_capacity import Capacity, capacity
from entsandbox.measures import MEASURES
from entsandbox.settings import Settings

__all__ = ["MEASURES", "Capacity", "Settings", "capacity"]
