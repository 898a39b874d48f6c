"""Targets to break, each real and each its test's own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
