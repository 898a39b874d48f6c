"""The faults and measures, one file each, named as its kind: `envoy-delay` is in envoy_delay.py."""

from importlib import import_module
from pkgutil import iter_modules


def register(kind: str) -> None:
    """Import the file of one kind, which registers it; does nothing where there is none."""
    name = kind.replace("-", "_")
    if name in _files():
        import_module(f"{__name__}.{name}")


def register_all() -> None:
    """Import every file."""
    for name in _files():
        import_module(f"{__name__}.{name}")


def _files() -> set[str]:
    return {each.name for each in iter_modules(__path__)}
