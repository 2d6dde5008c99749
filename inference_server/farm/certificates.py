"""Who belongs to a farm: an authority of its own, a certificate for each machine, TLS that takes no other.

An identity is a folder of `ca.pem`, `certificate.pem` and `key.pem`. The authority's key never leaves the first
machine; a machine's key never leaves that machine: it asks to be signed. EC P-256, TLS 1.3.
"""

from __future__ import annotations

import hashlib
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared import places
from shared.errors import InputRefused

CA, CERTIFICATE, KEY = "ca.pem", "certificate.pem", "key.pem"
COORDINATOR = "semrender coordinator"  # no machine's name, which holds no blank
DAY = timedelta(days=1)
YEARS = 10
MOST = 8192  # bytes of a request to be signed


def folder() -> Path:
    """What this machine knows of farms; keys are in it."""
    return places.home() / "farm"


def bring_authority() -> Path:
    """The folder of the farm's authority, made at its first start."""
    made = folder() / "authority"
    if not (made / CERTIFICATE).exists():
        x509, hashes, ec, serialization = _library()
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"semrender farm of {places.HOST}"[:64])
        began = datetime.now(UTC) - DAY  # clocks of other machines differ
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        built = built.serial_number(x509.random_serial_number()).not_valid_before(began)
        built = built.not_valid_after(began + 2 * YEARS * 365 * DAY)
        built = built.add_extension(x509.BasicConstraints(True, 0), critical=True)
        built = built.add_extension(_uses(key_cert_sign=True), critical=True)
        built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        _write(made / KEY, _private(key))
        _write(made / CERTIFICATE, built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return made


def bring_identity(name: str, kept: Path) -> Path:
    """An identity signed by this machine's own authority, made at its first use; returns its folder."""
    if not (kept / CERTIFICATE).exists():
        key, request = ask(name)
        keep(kept, key, issue(request, name), (bring_authority() / CERTIFICATE).read_bytes())
    return kept


def keep(kept: Path, key: bytes, certificate: bytes, authority: bytes) -> None:
    """Write an identity, all PEM; the certificate last, since it says that the others are there."""
    for file, content in ((KEY, key), (CA, authority), (CERTIFICATE, certificate)):
        _write(kept / file, content)


def ask(name: str) -> tuple[bytes, bytes]:
    """A new key, and the request to have it signed; both PEM."""
    x509, hashes, ec, serialization = _library()
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(name)).sign(key, hashes.SHA256())
    return _private(key), request.public_bytes(serialization.Encoding.PEM)


def issue(request: bytes, name: str) -> bytes:
    """The certificate, PEM, for a request, in this name whatever the request says. Raises InputRefused."""
    x509, hashes, ec, serialization = _library()
    try:
        asked = x509.load_pem_x509_csr(request[:MOST])
        public = asked.public_key()
        sound = asked.is_signature_valid and isinstance(public, ec.EllipticCurvePublicKey)
    except Exception:  # whatever a stranger's bytes make the library raise
        sound = False
    if not sound:
        raise InputRefused("this is no request for a certificate")
    home = bring_authority()
    above = x509.load_pem_x509_certificate((home / CERTIFICATE).read_bytes())
    key = serialization.load_pem_private_key((home / KEY).read_bytes(), None)
    began = datetime.now(UTC) - DAY
    built = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(above.subject).public_key(public)
    built = built.serial_number(x509.random_serial_number()).not_valid_before(began)
    built = built.not_valid_after(began + YEARS * 365 * DAY)
    built = built.add_extension(x509.BasicConstraints(False, None), critical=True)
    built = built.add_extension(_uses(digital_signature=True), critical=True)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key())
    built = built.add_extension(issuer, critical=False)
    signed: bytes = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return signed


def fingerprint(der: bytes) -> str:
    """SHA-256 of a certificate."""
    return hashlib.sha256(der).hexdigest()


def fingerprint_of(kept: Path) -> str:
    """That of an identity's own certificate."""
    return fingerprint(ssl.PEM_cert_to_DER_cert((kept / CERTIFICATE).read_text("ascii")))


def listening(kept: Path) -> ssl.SSLContext:
    """TLS of one who listens: who shows a certificate must show one of the farm's; who shows none is a stranger."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, kept)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def calling(kept: Path) -> ssl.SSLContext:
    """TLS of one who belongs to a farm and calls its coordinator."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT, kept)
    context.check_hostname = False  # names and addresses of a LAN change: the certificate's fingerprint is compared
    return context


def strange() -> ssl.SSLContext:
    """TLS of one who belongs to none yet: whom it talks to is proved by the code, which covers the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _context(protocol: int, kept: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(kept / CERTIFICATE, kept / KEY)
    context.load_verify_locations(kept / CA)
    return context


def _name(common: str) -> Any:
    x509, *_ = _library()
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _uses(**named: bool) -> Any:
    x509, *_ = _library()
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: named.get(name, False) for name in names})


def _private(key: Any) -> bytes:
    *_, serialization = _library()
    pem = serialization.Encoding.PEM
    written: bytes = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return written


def _write(file: Path, content: bytes) -> None:
    """For its owner alone, whole or not at all."""
    places.private_folder(file.parent)
    beside = places.beside(file)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)


def _library() -> tuple[Any, Any, Any, Any]:
    """x509, hashes, ec and serialization: loaded by who uses them, since the command line lists its verbs without."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return x509, hashes, ec, serialization
