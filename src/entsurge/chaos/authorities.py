"""Whom those trust that speak to a target beside the client: Envoy, and HTTP probes of Chaos Toolkit."""

from __future__ import annotations

import ssl
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from entsurge.chaos.state import folder
from entsurge.errors import UsageError

if TYPE_CHECKING:
    from entsurge.client.access import Access

DEBIAN_S = "/etc/ssl/certs/ca-certificates.crt"


def trusted(access: Access, besides: str = "") -> bytes:
    """Certificates in PEM: the system's, those that the target file names, and those in the file `besides`.

    Without the latter, those whom the target's clients trust. Raises UsageError where there are none.
    """
    system = ssl.get_default_verify_paths().cafile or DEBIAN_S
    files = dict.fromkeys((system, access.certificates, besides))
    found = [Path(path).read_bytes() for path in files if path and Path(path).is_file()]
    if not found:
        raise UsageError("this machine has no certificates of authorities", hint="install ca-certificates")
    return b"\n".join(found)


def kept(access: Access, besides: str = "") -> Path:
    """The same as a file in the state folder, named by what it holds: several runs may read it."""
    whole = trusted(access, besides)
    path = folder() / f"authorities-{sha256(whole).hexdigest()[:16]}.pem"
    if not path.is_file():
        fresh = path.with_suffix(".new")
        fresh.write_bytes(whole)
        fresh.replace(path)
    return path
