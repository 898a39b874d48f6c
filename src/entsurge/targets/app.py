"""The app of a target: its driver and address, as `[app]` says; and what becomes of a plan where there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from entsurge.drivers import registry
from entsurge.errors import UsageError
from entsurge.said import said

if TYPE_CHECKING:
    from entsurge.audience.profile import Profile

Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]


class App(BaseModel):
    """`[app]`: the driver that the app is played by, where its API is (else at the target's `url`), how it signs on."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    driver: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    url: Address | None = None
    sign_on: dict[str, Any] | None = None


def playable(profile: Profile, *, driver: str, has_app: bool, target: str) -> Profile:
    """The profile as this target can be visited: without an app, those visits come by phone if the file says so.

    Raises UsageError where it does not, and for devices on a target whose only driver is an app's.
    """
    devices = profile.devices
    if devices is None:
        return profile
    if driver in registry.APPS.values():
        raise UsageError(
            said("{target}: the driver {driver} is an app's, and {profile} comes by computers and phones as well",
                 target=target, driver=driver, profile=profile.name),
            hint="name the portal's driver, beside which the app's is played; or leave devices out: --devices none",
        )  # fmt: skip
    by_app = devices.by_app()
    if has_app or not by_app:
        return profile
    if devices.without_app == "phone":
        return replace(profile, devices=devices.played_without_app())
    path = next(path for kind, _, path in profile.sources if kind == "devices")
    lines = [
        said("{path}: persona.{persona}.app = {share}: {target} has no app",
             path=path, persona=persona, share=devices.persona[persona].app, target=target)
        for persona in by_app
    ]  # fmt: skip
    raise UsageError(
        "\n".join(map(str, lines)),
        hint='name its driver in the target file: [app] driver = "skolengo-mobile"; or say without_app = "phone"',
    )
