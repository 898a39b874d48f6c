"""Loads and checks scenario files in the engine's kind of process, which Locust patches: JSON in, JSON out."""

import json
import sys
from pathlib import Path

from locust import User  # noqa: F401  first, since it patches the process

from entsurge.audience import profile as profiles
from entsurge.drivers import registry
from entsurge.engine import scenarios
from entsurge.errors import UsageError


def said(persona: str, path: str, driver: str) -> list[str]:
    """What is wrong with one file as a persona's scenario; nothing for a sound one."""
    try:
        classes, paths = scenarios.load({persona: Path(path)})
        made = registry.make(driver, registry.Setting("http://127.0.0.1"))
        scenarios.check(classes, paths, profiles.load("lockdown-2020"), made)
    except UsageError as error:
        return [line.replace(f"{Path(path).parent}/", "") for line in str(error).splitlines()]
    return []


if __name__ == "__main__":
    print(json.dumps([said(*each) for each in json.loads(sys.argv[1])]))
