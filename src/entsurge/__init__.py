"""Load testing and resilience for ENTs, the digital workspaces of French schools."""

__version__ = "0.1.0"
