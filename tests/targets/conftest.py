"""Writes target files."""

from collections.abc import Callable
from pathlib import Path

import pytest

SOUND = """
name = "préproduction"
url = "http://127.0.0.1:8080"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file beside the others, for its owner's eyes alone unless told otherwise."""

    def make(name: str, text: str, mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return make
