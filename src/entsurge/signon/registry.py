"""Which sign-on methods there are: a name, and the module that knows the way.

A method's module has `Options` (a pydantic model of what `[sign_on]` may say) and `method(options)`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from entsurge.config_file import check
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from entsurge.signon.method import SignOn

METHODS = {
    "bearer": "entsurge.signon.bearer",
    "cas": "entsurge.signon.cas",
    "form": "entsurge.signon.form",
    "json-session": "entsurge.signon.json_session",
    "oidc": "entsurge.signon.oidc",
    "saml": "entsurge.signon.saml",
}

TYPES = "sign_on.interstitial.password_fields"
NEEDS = 'sends a password as a new one: needs [writes] passwords = "test-accounts" in the target file, beside it'


def types_passwords(given: object) -> bool:
    """Whether a `[sign_on]` table has an interstitial page into which passwords are typed as new ones."""
    between = given.get("interstitial") if isinstance(given, dict) else None
    return isinstance(between, dict) and bool(between.get("password_fields"))


def options_model(name: str) -> type[BaseModel]:
    """What `[sign_on]` may say for this method. Raises UsageError for an unknown one."""
    if name not in METHODS:
        raise UsageError(f"no sign-on method {name!r}", hint=f"known: {', '.join(sorted(METHODS))}")
    model: type[BaseModel] = import_module(METHODS[name]).Options
    return model


def of_options(name: str, options: BaseModel) -> SignOn:
    """The method of this name with options that have been checked."""
    made: SignOn = import_module(METHODS[name]).method(options)
    return made


def checked(given: Mapping[str, Any], path: Path, hint: str, under: str = "sign_on") -> SignOn:
    """The method of a `[sign_on]` table, or of one `under` another name.

    Raises UsageError with every fault: file, key, found, expected.
    """
    name = given.get("method")
    if not isinstance(name, str) or name not in METHODS:
        known = ", ".join(sorted(METHODS))
        raise UsageError(f"{path}: {under}.method: found {name!r}; expected one of {known}", hint=hint)
    rest = {key: value for key, value in given.items() if key != "method"}
    return of_options(name, check(options_model(name), rest, path, hint, under))


def make(name: str, options: Mapping[str, Any]) -> SignOn:
    """The method of this name with these options. Raises UsageError, or pydantic's ValidationError for the options."""
    return of_options(name, options_model(name).model_validate(dict(options)))
