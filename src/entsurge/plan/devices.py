"""Which account comes by which device: by its place in the walk through all accounts, without a draw for each.

The place r of group i of g has the quantile (r·g + i)·s + o modulo 2⁶⁴, s being 2⁶⁴ ÷ 1.3247… (the plastic number): an
additive sequence, so that any stretch of visits has each share to within a few. Page counts go by another step (the
golden ratio): together the two fill the square, and no device gets the long visits.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entsurge.audience.devices import DEVICES
from entsurge.plan import chance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from entsurge.audience.devices import Device
    from entsurge.audience.profile import Profile

STEP = 0xC13FA9A902A6328F


@dataclass(frozen=True)
class DeviceOf:
    """The devices of one persona's accounts in group `index` of `groups`.

    `first` and `back` undo the walk: from an account to its place.
    """

    thresholds: list[int]
    offset: int
    index: int
    groups: int
    first: int
    back: int
    accounts: int

    @classmethod
    def among(
        cls, shares: Mapping[Device, Fraction], walk: tuple[int, int], accounts: int, stream: tuple[int, int],
        *, index: int = 0, groups: int = 1,
    ) -> DeviceOf:  # fmt: skip
        """Those with these shares; `walk` is its first account and its stride, `stream` where the sequence begins."""
        (first, stride), cumulative = walk, chance.thresholds([shares[each] for each in DEVICES])
        offset = chance.draw(stream, 1)[0]
        return cls(cumulative, offset, index, groups, first, pow(stride, -1, accounts), accounts)

    def __call__(self, account: int) -> Device:
        """The device of an account: the same in every visit and attempt of it."""
        place = (account - self.first) * self.back % self.accounts
        quantile = ((place * self.groups + self.index) * STEP + self.offset) % chance.WHOLE
        return DEVICES[bisect_right(self.thresholds, quantile)]


def coming(profile: Profile) -> list[Device]:
    """The devices by which anybody of the profile comes."""
    shares = [profile.device_shares(persona) for persona in profile.personas if profile.mixes.visit_share(persona)]
    return [device for device in DEVICES if any(of.get(device) for of in shares)]


def told(profile: Profile, app: str) -> dict[str, Any] | None:
    """By which devices a run comes, as its manifest says it; `app` is the driver of the target's app.

    None where the profile says nothing of devices.
    """
    devices = profile.devices
    if devices is None:
        return None
    found = coming(profile)
    return {
        "title": dict(devices.title),
        "app": app if "app" in found else "",
        "shares": {
            persona: {device: float(share) for device, share in profile.device_shares(persona).items()}
            for persona in profile.personas
        },
        "kept_cache_percent": {device: devices.habit(device).kept_cache_percent for device in found},
    }


def by_device(visits: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """A persona's visits by device, as a manifest's `planned` has them; nothing where no visit has a device."""
    found: dict[str, int] = {device: visits[device] for device in DEVICES if visits.get(device)}
    return {"devices": found} if found else {}
