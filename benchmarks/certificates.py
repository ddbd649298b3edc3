"""An authority made on the spot, certificates of its for all feeds, and how a program is told to trust it."""

from __future__ import annotations

import subprocess
from pathlib import Path

NAMES = 20  # hosts to a certificate: signing one takes 40 ms


def authority(folder: Path, hosts: list[str]) -> Path:
    """Make an authority in `folder`, and for each host address `<address>.pem`, all with the one key in `leaf.key`.

    Gives the authority's certificate. The keys are P-256, as most sites have them now.
    """
    ca, key, request = folder / "ca.pem", folder / "leaf.key", folder / "leaf.csr"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl("req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", ca, "-days", "2", "-subj", "/CN=benchmark")
    _openssl("req", "-new", *curve, "-keyout", key, "-out", request, "-subj", "/CN=feed")
    signed = ("x509", "-req", "-in", request, "-CA", ca, "-CAkey", folder / "ca.key", "-days", "2")
    for start in range(0, len(hosts), NAMES):
        some = hosts[start : start + NAMES]
        names = f"subjectAltName={','.join(f'IP:{host}' for host in some)}\nextendedKeyUsage=serverAuth\n".encode()
        leaf = folder / f"{some[0]}.pem"
        _openssl(*signed, "-set_serial", start + 1, "-extfile", "/dev/stdin", "-out", leaf, given=names)
        for host in some[1:]:
            (folder / f"{host}.pem").hardlink_to(leaf)
    return ca


def trusting(ca: Path) -> dict[str, str]:
    """The environment in which a program trusts this authority too, as an operator with one of his own sets it up.

    `SSL_CERT_FILE` is OpenSSL's own word for it, which httpx and curl follow too.
    """
    return {"SSL_CERT_FILE": str(ca)}


def _openssl(*words: object, given: bytes = b"") -> None:
    subprocess.run(["openssl", *map(str, words)], input=given, check=True, stderr=subprocess.DEVNULL)
