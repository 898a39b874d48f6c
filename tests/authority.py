"""A private authority as schools run one: a root, an authority below it, and certificates for whom a test wants."""

import subprocess
from pathlib import Path

EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)


class Authority:
    """Root and intermediate in a folder; `root` is what is to be trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "root.pem"
        ca = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl("req", "-x509", *EC, "-keyout", folder / "root.key", "-out", self.root, "-days", "30",
                "-subj", "/CN=Autorite racine de test", *ca)  # fmt: skip
        self._sign("between", "/CN=Autorite intermediaire de test", "root", "basicConstraints=critical,CA:TRUE")

    def server(self, name: str = "localhost", *, names: str = "DNS:localhost,IP:127.0.0.1", days: str = "30") -> Path:
        """A server's certificate alone, its key beside it (.key), and both certificates in one file (.chain)."""
        made = self._sign(name, f"/CN={name}", "between", f"subjectAltName={names}", days)
        made.with_suffix(".chain").write_bytes(made.read_bytes() + (self.folder / "between.pem").read_bytes())
        return made

    def client(self, name: str = "injecteur", *, days: str = "30") -> Path:
        """A client's certificate; its key beside it (.key), its owner's alone."""
        made = self._sign(name, f"/CN={name}", "root", "extendedKeyUsage=clientAuth", days)
        made.with_suffix(".key").chmod(0o600)
        return made

    def alone(self, name: str, *, days: str = "30", names: str = "DNS:localhost") -> Path:
        """A certificate that is signed by itself."""
        key, asked, made = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        openssl("req", "-new", *EC, "-keyout", key, "-out", asked, "-subj", f"/CN={name}")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}")
        openssl("x509", "-req", "-in", asked, "-signkey", key, "-days", days, "-out", made,
                "-extfile", self.folder / f"{name}.ext")  # fmt: skip
        return made

    def _sign(self, name: str, subject: str, by: str, extension: str, days: str = "30") -> Path:
        key, asked, made = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        openssl("req", "-new", *EC, "-keyout", key, "-out", asked, "-subj", subject)
        (self.folder / f"{name}.ext").write_text(extension)
        openssl("x509", "-req", "-in", asked, "-CA", self.folder / f"{by}.pem", "-CAkey", self.folder / f"{by}.key",
                "-CAcreateserial", "-days", days, "-out", made, "-extfile", self.folder / f"{name}.ext")  # fmt: skip
        return made
