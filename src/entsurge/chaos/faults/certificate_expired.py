"""The certificate has expired: a copy of it that ended yesterday takes its place, and the server reads it again."""

import os
import shlex
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from entsurge.chaos.faults.fault import Evidence, Fault, Lease
from entsurge.errors import EntsurgeError

RELOAD_SECONDS = 20


class CertificateExpired(Fault):
    """`certificate` (PEM) is replaced by an expired one of the same names and key; then `reload` is run.

    It is signed with `issuer_certificate` and `issuer_key` where they are given, else by itself.
    """

    kind: ClassVar[str] = "certificate-expired"
    lease: ClassVar[Lease] = "guardian"
    evidence: ClassVar[Evidence | None] = None
    certificate: str
    key: str
    reload: list[str]
    issuer_certificate: str = ""
    issuer_key: str = ""

    def lacks(self) -> list[str]:
        """Files that are missing."""
        files = [self.certificate, self.key, self.issuer_certificate, self.issuer_key]
        return [f"{path}: no such file" for path in files if path and not Path(path).is_file()]

    def prepare(self) -> dict[str, Any]:
        """The certificate as it is (public, so it may stand in the record)."""
        return {"pem": Path(self.certificate).read_text("ascii")}

    def apply(self, lease_seconds: float) -> None:
        """Replace it, and have it read."""
        del lease_seconds
        self._put(self._expired())

    def undo(self, before: dict[str, Any]) -> None:
        """The certificate as it was, and have it read."""
        if before:
            self._put(before["pem"])

    def way_back(self, before: dict[str, Any]) -> str:
        """The certificate, and how it is read."""
        del before
        return f"put the certificate back into {self.certificate}, then {shlex.join(self.reload)}"

    def _put(self, pem: str) -> None:
        path = Path(self.certificate)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(pem, "ascii")
        os.chmod(fresh, path.stat().st_mode & 0o777)  # noqa: PTH101  it is text
        fresh.replace(path)
        try:
            done = subprocess.run(  # noqa: S603  the operator's own command
                self.reload, capture_output=True, text=True, timeout=RELOAD_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EntsurgeError(f"reload: {shlex.join(self.reload)}: {error}") from None
        if done.returncode:
            raise EntsurgeError(f"reload: {' '.join(self.reload)}: {(done.stderr or done.stdout).strip()[-300:]}")

    def _expired(self) -> str:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        given = Path(self.certificate).read_bytes()
        old = x509.load_pem_x509_certificates(given)[0]
        key: Any = serialization.load_pem_private_key(Path(self.key).read_bytes(), None)
        signer, issuer = key, old.subject
        if self.issuer_certificate and self.issuer_key:
            signer = serialization.load_pem_private_key(Path(self.issuer_key).read_bytes(), None)
            issuer = x509.load_pem_x509_certificate(Path(self.issuer_certificate).read_bytes()).subject
        yesterday = datetime.now(UTC) - timedelta(days=1)
        made = (
            x509.CertificateBuilder()
            .subject_name(old.subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(yesterday - timedelta(days=365))
            .not_valid_after(yesterday)
        )
        for extension in old.extensions:
            made = made.add_extension(extension.value, extension.critical)
        pem = made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")
        rest = given.decode("ascii").partition("-----END CERTIFICATE-----")[2]
        return pem + rest.lstrip()
