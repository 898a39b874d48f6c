"""The devices of a run: each with its driver, as the profile's devices file and the target have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entsurge.client.image_sources import Screen
from entsurge.plan.devices import coming
from entsurge.visit.equipment import Equipment

if TYPE_CHECKING:
    from entsurge.audience.devices import Device, Habit
    from entsurge.audience.profile import Profile
    from entsurge.engine.target_access import TargetAccess
    from entsurge.visit.driver import Driver


def equipment(profile: Profile, access: TargetAccess) -> dict[str, Equipment]:
    """What visits come with, by device; nothing where the profile says nothing of devices."""
    devices = profile.devices
    if devices is None:
        return {}
    return {device: _of(device, devices.habit(device), access) for device in coming(profile)}


def drivers(profile: Profile, access: TargetAccess) -> dict[str, Driver]:
    """The drivers that a plan is offered by: by the device they are for, one under no name without devices."""
    found = {device: each.driver for device, each in equipment(profile, access).items()}
    return found or {"": access.driver}


def played(profile: Profile, access: TargetAccess) -> list[tuple[Driver, str, frozenset[str]]]:
    """Each driver of a plan once: what it is called where there is an app's beside it, and whose visits it plays."""
    found = drivers(profile, access)
    if "" in found:
        return [(access.driver, "", frozenset(profile.personas))]
    several = len(dict.fromkeys(found.values())) > 1
    made = []
    for driver in dict.fromkeys(found.values()):
        own = [device for device, each in found.items() if each is driver]
        called = access.app_driver if driver is access.app else access.driver_name
        whose = [
            who
            for who in profile.personas
            if any(share for device, share in profile.device_shares(who).items() if device in own)
        ]
        made.append((driver, called if several else "", frozenset(whose)))
    return made


def _of(device: Device, habit: Habit, access: TargetAccess) -> Equipment:
    driver = access.app if device == "app" else access.driver
    if driver is None:
        raise LookupError("a visit by app, and a target that has none")  # targets/app.py has refused it, or moved it
    named = any(name.lower() == "user-agent" for name in access.access.own_headers)
    agent = {} if named or not habit.user_agent else {"User-Agent": f"{habit.user_agent} {access.access.agent}"}
    screen = Screen(habit.width, habit.height, habit.density, habit.touch)
    headers = {**agent, **habit.headers, "X-Entsurge-Device": device}
    return Equipment(driver, headers, screen, habit.kept_cache_percent / 100)
