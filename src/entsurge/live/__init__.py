"""The live page: a process of its own that reads a run directory while it grows; the engine does not know it."""
