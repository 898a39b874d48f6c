"""A target file (TOML): read, checked as a whole, every fault said at once with file, key, found, expected."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from entsurge.audience.profile_file import ObjectiveSpec
from entsurge.audience.shape import Service
from entsurge.config_file import check, read_toml
from entsurge.errors import UsageError
from entsurge.said import said
from entsurge.secret import Secret
from entsurge.signon import registry as methods
from entsurge.targets import accounts, certificates
from entsurge.targets.app import App
from entsurge.targets.guard import Guard
from entsurge.targets.writes import Writes

if TYPE_CHECKING:
    from pathlib import Path

    from entsurge.signon.method import SignOn
    from entsurge.targets.accounts import AccountBook

NATIONAL = ("educonnect.education.gouv.fr", "gar.education.fr", "franceconnect.gouv.fr")
HINT = "docs/target-files.md lists the keys"
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$")]
HOST = r"^[^\s/:]+(:[0-9]{1,5})?$|^[0-9a-fA-F:]{2,}$"  # a port may follow a name, not an address of IPv6
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


TEMPLATE_BY = "who, in which function"
"""What a fresh target file says in place of who authorised the test."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Authorised(_Strict):
    """Who authorised the test, and when it may take place; both days included."""

    by: Text
    reference: str = ""
    begin: date = Field(alias="from")
    until: date

    @model_validator(mode="after")
    def _in_order(self) -> Authorised:
        if self.by == TEMPLATE_BY:
            raise ValueError(
                f"by: still {TEMPLATE_BY!r}, as `entsurge init` writes it; expected a person and a function"
            )
        if self.until < self.begin:
            raise ValueError(f"until = {self.until} comes before from = {self.begin}")
        return self


class Tenant(_Strict):
    """A school: the academy that it counts for, and its portal if it has an address of its own."""

    school: Text
    academy: Text = accounts.EVERYONE
    url: Address | None = None


class Accounts(_Strict):
    """Where the accounts of the test are; one password for all if the file has none."""

    file: Text
    password: Secret | None = None


class Limits(_Strict):
    """What the run may ask of the target at most, and when it ends by itself."""

    visits_per_second: Annotated[float, Field(gt=0)] | None = None
    visitors: Annotated[int, Field(gt=0)] | None = None
    guard: Guard | None = None


class TargetFile(_Strict):
    """A target as it is written."""

    name: Text | None = None
    url: Address
    hosts: tuple[Annotated[str, StringConstraints(pattern=HOST)], ...] = ()
    networks: tuple[str, ...] = ()
    certificates: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    http: Literal["auto", "1.1", "2"] = "auto"
    names_seconds: Annotated[float, Field(ge=1, le=3600)] = 60
    driver: Text = "portal"
    sign_on: dict[str, Any] | None = None
    tenant: tuple[Tenant, ...] = ()
    accounts: Accounts | None = None
    headers: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")], str | Secret] = Field(
        default_factory=dict
    )
    limits: Limits = Limits()
    objective: tuple[ObjectiveSpec, ...] = ()
    authorised: Authorised | None = None
    production: bool = False
    writes: Writes = Field(default_factory=lambda: Writes.model_validate({}))
    stand_in: dict[Service, Service] = Field(default_factory=dict)
    app: App | None = None

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, found: tuple[str, ...]) -> tuple[str, ...]:
        for each in found:
            ip_network(each)
        return found

    @model_validator(mode="after")
    def _is_authorised(self) -> TargetFile:
        away = [host for host in self.all_hosts if not is_loopback(host)]
        if away and self.authorised is None:
            away_are = f"{', '.join(away)} {'is' if len(away) == 1 else 'are'}"
            raise ValueError(f"authorised: missing: {away_are} not loopback; who authorised the test, when?")
        return self

    @model_validator(mode="after")
    def _is_nobody_elses(self) -> TargetFile:
        shared = [host for host in self.all_hosts if any(f".{host}".endswith(f".{name}") for name in NATIONAL)]
        if shared:
            raise ValueError(f"{', '.join(shared)}: a national service, which is never loaded; let a stub stand in")
        return self

    @model_validator(mode="after")
    def _has_accounts(self) -> TargetFile:
        if self.accounts is None and any(not is_loopback(host) for host in self.all_hosts):
            raise ValueError("accounts: missing: outside loopback nobody knows the synthetic people")
        return self

    @model_validator(mode="after")
    def _hosts_hold_the_urls(self) -> TargetFile:
        outside = {_host(each.url) for each in self.tenant if each.url} - set(self.all_hosts)
        if outside:
            raise ValueError(f"hosts: {', '.join(sorted(outside))}: missing; a [[tenant]] lives there")
        if self.app and self.app.url and _host(self.app.url) not in self.all_hosts:
            raise ValueError(f"hosts: {_host(self.app.url)}: missing; app.url is there")
        return self

    @model_validator(mode="after")
    def _speaks_http2_over_tls(self) -> TargetFile:
        urls = (self.url, self.app.url if self.app else None, *(each.url for each in self.tenant))
        plain = [url for url in urls if url and url.startswith("http://")]
        if self.http == "2" and plain:
            raise ValueError(f'http: "2" needs https, as in browsers; {plain[0]} speaks HTTP/1.1: "auto" or "1.1"')
        return self

    @model_validator(mode="after")
    def _has_a_key_for_a_certificate(self) -> TargetFile:
        if self.client_key and not self.client_certificate:
            raise ValueError("client_certificate: missing; client_key is the key of one")
        return self

    @property
    def all_hosts(self) -> tuple[str, ...]:
        """The hosts that may be spoken to: that of the URL, and those named."""
        return tuple(dict.fromkeys((_host(self.url), *(_without_port(host) for host in self.hosts))))


@dataclass(frozen=True)
class Target:
    """A target file with what it names: the sign-on method, the accounts, its digest."""

    path: Path
    file: TargetFile
    sha256: str
    sign_on: SignOn | None
    accounts: AccountBook | None
    app_sign_on: SignOn | None = None

    @property
    def name(self) -> str:
        """What reports call it: its `name`, else host and port."""
        return self.file.name or host_and_port(self.file.url)

    @property
    def driver(self) -> str:
        """The driver's name, or the path of its file (beside the target's own)."""
        return str(self.path.parent / self.file.driver) if self.file.driver.endswith(".toml") else self.file.driver

    @property
    def app_driver(self) -> str:
        """The driver of its app, or the path of its file; empty where it has no app."""
        name = self.file.app.driver if self.file.app else ""
        return str(self.path.parent / name) if name.endswith(".toml") else name

    @property
    def certificates(self) -> str | None:
        """The file of certificates to trust beside the system's."""
        return str(self.beside(self.file.certificates)) if self.file.certificates else None

    @property
    def client_certificate(self) -> tuple[str, str]:
        """The files of the certificate that is shown to servers that ask, and of its key; empty for none."""
        given = (self.file.client_certificate, self.file.client_key)
        certificate, key = (str(self.beside(name)) if name else "" for name in given)
        return certificate, key

    def beside(self, name: str) -> Path:
        """A file that the target file names; absolute, for processes that are started elsewhere."""
        return (self.path.parent / name).resolve()

    @property
    def portals(self) -> dict[str, str]:
        """The addresses of schools that have one of their own."""
        return {each.school: each.url for each in self.file.tenant if each.url}

    def headers(self) -> dict[str, str]:
        """What every request carries, secrets revealed: never to be written anywhere."""
        given = self.file.headers.items()
        return {name: value if isinstance(value, str) else value.get_secret_value() for name, value in given}

    def as_json(self) -> dict[str, Any]:
        """What the manifest says of the target; no secret in it."""
        file, by = self.file, self.file.authorised
        return {
            "url": file.url, "driver": file.driver, "name": self.name,
            "authorised_by": by.by if by else "loopback",
            "authorised_until": by.until.isoformat() if by else None,
            "reference": by.reference if by else "",
            "sign_on": (file.sign_on or {}).get("method"), "production": file.production,
            "hosts": list(file.all_hosts), "writes": sorted(file.writes.services),
            "stand_in": dict(file.stand_in), "file": str(self.path), "sha256": self.sha256,
            "accounts": {} if self.accounts is None else self.accounts.counts(),
        }  # fmt: skip


def load(path: Path) -> Target:
    """The target of this file. Raises UsageError with every fault of the file; the accounts' come after it."""
    if not path.is_file():
        raise UsageError(
            said("{path}: no such file", path=path), hint="a target is a URL on loopback, or a target file (TOML)"
        )
    file, sign_on, of_app = _checked(path)
    _check_certificates(path, file)
    book = None
    if file.accounts is not None:
        one = file.accounts.password
        book = accounts.read(
            path.parent / file.accounts.file,
            password=one.get_secret_value() if one else "",
            academies={each.school: each.academy for each in file.tenant},
        )
    return Target(path, file, hashlib.sha256(path.read_bytes()).hexdigest(), sign_on, book, of_app)


def _check_certificates(path: Path, file: TargetFile) -> None:
    """Raise UsageError with what is wrong with the files of certificates."""
    faults = []
    if file.certificates:
        faults.append(("certificates", certificates.of_authority(path.parent / file.certificates)))
    if file.client_certificate:
        key = path.parent / file.client_key if file.client_key else None
        faults.append(("client_certificate", certificates.of_client(path.parent / file.client_certificate, key)))
    lines = [f"{path}: {name}: {wrong}" for name, wrong in faults if wrong]
    if lines:
        raise UsageError("\n".join(lines), hint=HINT)


def _checked(path: Path) -> tuple[TargetFile, SignOn | None, SignOn | None]:
    """The file, its sign-on and its app's; the faults of all at once."""
    raw = read_toml(path)
    faults, file, sign_on, of_app = [], None, None, None
    try:
        file = check(TargetFile, raw, path, HINT)
    except UsageError as error:
        faults.append(str(error))
    try:
        found = raw.get("sign_on")
        sign_on = methods.checked(found, path, HINT) if isinstance(found, dict) else None
    except UsageError as error:
        faults.append(str(error))
    app = raw.get("app")
    try:
        found = app.get("sign_on") if isinstance(app, dict) else None
        of_app = methods.checked(found, path, HINT, "app.sign_on") if isinstance(found, dict) else None
    except UsageError as error:
        faults.append(str(error))
    if file and file.writes.passwords == "never":
        of = {"": raw.get("sign_on"), "app.": app.get("sign_on") if isinstance(app, dict) else None}
        faults += [
            f"{path}: {under}{methods.TYPES}: {methods.NEEDS}"
            for under, table in of.items()
            if methods.types_passwords(table)
        ]
    if file is None or faults:
        raise UsageError("\n".join(faults), hint=HINT)
    return file, sign_on, of_app


def check_authorised(target: Target, today: date) -> None:
    """Raise UsageError when today is not a day of the authorisation."""
    given = target.file.authorised
    if given is None:
        return
    if today > given.until:
        raise UsageError(
            said(
                "{path}: authorised.until = {until}: the authorisation by {by} has expired",
                path=target.path,
                until=given.until,
                by=given.by,
            ),
            hint="ask again, then write the new days down",
        )
    if today < given.begin:
        raise UsageError(
            said(
                "{path}: authorised.from = {begin}: the authorisation has not begun",
                path=target.path,
                begin=given.begin,
            )
        )


def check_authorised_to_its_end(target: Target, now: datetime, seconds: float) -> None:
    """Raise UsageError when a run that begins now, in local time, would go on after the last day of the authorisation.

    Asked by the master alone, as the run begins: a worker may come while it goes on.
    """
    given, ends = target.file.authorised, now + timedelta(seconds=seconds)
    if given is not None and ends.date() > given.until:
        raise UsageError(
            said(
                "{path}: authorised.until = {until}: the run would go on until {day}, {ends}",
                path=target.path, until=given.until, day=ends.date(), ends=f"{ends:%H:%M}",
            ),
            hint="begin earlier, take a shorter window, or ask for one day more",
        )  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether a host as it is written is this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def host_and_port(url: str) -> str:
    """What a target without a name is called: `127.0.0.1:8080`; without a port where its URL says none."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _without_port(host: str) -> str:
    return (host.partition(":")[0] if host.count(":") == 1 else host).lower()


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()
