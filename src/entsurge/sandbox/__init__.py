"""The embedded reference ENT: fictitious schools on a portal whose capacity is known by computation."""

from entsurge.sandbox.capacity import Capacity, capacity
from entsurge.sandbox.measures import MEASURES
from entsurge.sandbox.settings import Settings

__all__ = ["MEASURES", "Capacity", "Settings", "capacity"]
