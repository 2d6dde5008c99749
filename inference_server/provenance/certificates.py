"""The certificate that a machine signs with: one of its own, or a studio's.

It lies in a folder, `chain.pem` (the leaf first, its root last) and `key.pem`: that which SEMRENDER_CERTIFICATE names,
else `certificate` in the state folder. Where there is one, what changes a face is signed; that is the whole switch.

One of its own proves that nothing was changed since, and nothing of who signed: nobody but this machine vouches for it.
C2PA specification 2.2, 14.5: EC P-256, digitalSignature, an extended use (here emailProtection), a CA above the leaf.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shared import places
from shared.errors import InputRefused, SemrenderError
from shared.values import Value

CHAIN, KEY = "chain.pem", "key.pem"
ALGORITHMS = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
YEARS = 10  # without a time stamp a signature is worth no more when the certificate has ended
DAY = timedelta(days=1)
EXTRA = "Install them: pip install 'semrender[provenance]'"


class Certificate(Value):
    """A chain and the key of its leaf, both PEM; how that key signs; in whose name; SHA-256 of the leaf."""

    folder: Path
    chain: bytes
    key: bytes
    algorithm: str
    name: str
    fingerprint: str

    @property
    def root(self) -> str:
        """The last of the chain, PEM: what the others are trusted by."""
        begin = "-----BEGIN CERTIFICATE-----"
        return begin + self.chain.decode("ascii").rpartition(begin)[2]


def folder() -> Path:
    """Where the certificate of this machine is, or would be."""
    named = os.environ.get("SEMRENDER_CERTIFICATE")
    return Path(named) if named else places.home() / "certificate"


def there() -> bool:
    """Whether this machine has a certificate, which asks for no library."""
    return (folder() / CHAIN).exists() or (folder() / KEY).exists() or bool(os.environ.get("SEMRENDER_CERTIFICATE"))


def given() -> Certificate | None:
    """The certificate of this machine; None where it has none. Raises InputRefused where it cannot be signed with."""
    return read(folder() / CHAIN, folder() / KEY) if there() else None


def roots(file: Path) -> str:
    """PEM of whom to trust. Raises InputRefused where a file has no certificates, SemrenderError without a library."""
    content = _content(file)
    _chain(content, file)
    return content.decode("ascii", "replace")


def read(chain_file: Path, key_file: Path) -> Certificate:
    """A chain and its key, checked against one another and the clock. Raises InputRefused naming the file."""
    x509, serialization = _library()
    chain = _content(chain_file)
    leaf, *others = _chain(chain, chain_file)
    content = _content(key_file)
    try:
        key = serialization.load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise InputRefused(
            "the key cannot be read", file=key_file, cause=str(error), remedy="Give it as PEM, without a password"
        ) from None
    if leaf.public_key() != key.public_key():
        raise InputRefused("the key is not that of the chain's first certificate", file=key_file)
    if not others:
        remedy = "Write the certificates above it behind it"
        raise InputRefused("the chain has one certificate alone", file=chain_file, remedy=remedy)
    now = datetime.now(UTC)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        span = f"{leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}"
        raise InputRefused(
            "the certificate is not valid today",
            file=chain_file,
            cause=f"It is from {span}",
            remedy="Give another, or remove the folder and make one: semrender provenance certificate",
        )
    told = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return Certificate(
        chain_file.parent,
        chain,
        content,
        _algorithm(key, key_file),
        str(told[0].value) if told else leaf.subject.rfc4514_string(),
        hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).hexdigest(),
    )


def bring() -> tuple[Certificate, bool]:
    """The certificate of this machine, and whether it was made just now. Raises InputRefused or SemrenderError."""
    found = given()
    if found is not None:
        return found, False
    chain, key = _make(places.user())
    keep(chain, key)
    made = given()
    assert made is not None
    return made, True


def _chain(content: bytes, file: Path) -> list[Any]:
    x509, _ = _library()
    try:
        found: list[Any] = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        remedy = "Give a chain as PEM, leaf first"
        raise InputRefused("the file has no certificates", file=file, cause=str(error), remedy=remedy) from None
    return found


def keep(chain: bytes, key: bytes) -> None:
    """Have them in this machine's folder, the key for its owner alone. Raises SemrenderError."""
    target = folder()
    beside = places.beside(target)
    try:
        places.private_folder(target.parent)
        beside.mkdir(0o700)
        for name, content in ((CHAIN, chain), (KEY, key)):
            descriptor = os.open(beside / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(target)
        beside.replace(target)
    except OSError as error:
        cause = error.strerror or str(error)
        raise SemrenderError("the certificate could not be written", file=target, cause=cause) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _make(owner: str) -> tuple[bytes, bytes]:
    """(chain, key), PEM, of a leaf below a CA of its own, whose key is thrown away."""
    x509, serialization = _library()
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    above, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = _name(f"semrender at {owner}"[:64]), _name(owner[:64])
    began = datetime.now(UTC) - DAY  # clocks of other machines differ

    def begun(name: Any, key: Any, years: int) -> Any:
        made = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(began).not_valid_after(began + years * 365 * DAY)
        return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)

    def uses(**named: bool) -> Any:
        names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
        names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
        return x509.KeyUsage(**{name: named.get(name, False) for name in names})

    root = begun(issuer, above, 2 * YEARS).add_extension(x509.BasicConstraints(True, 0), critical=True)
    root = root.add_extension(uses(key_cert_sign=True, crl_sign=True), critical=True).sign(above, hashes.SHA256())
    leaf = begun(subject, own, YEARS).add_extension(x509.BasicConstraints(False, None), critical=True)
    leaf = leaf.add_extension(uses(digital_signature=True), critical=True)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    leaf = leaf.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
    pem = serialization.Encoding.PEM
    chain = leaf.sign(above, hashes.SHA256()).public_bytes(pem) + root.public_bytes(pem)
    return chain, own.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _name(common: str) -> Any:
    x509, _ = _library()
    parts = ((x509.NameOID.COMMON_NAME, common), (x509.NameOID.ORGANIZATION_NAME, "semrender, local certificate"))
    return x509.Name([x509.NameAttribute(*part) for part in parts])


def _algorithm(key: Any, file: Path) -> str:
    """How a key signs, as C2PA calls it."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in ALGORITHMS:
        return ALGORITHMS[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return "ps256"
    raise InputRefused(
        "Content Credentials cannot be signed with a key of this kind",
        file=file,
        remedy="Give one of EC P-256, P-384 or P-521, of Ed25519, or of RSA from 2048 bits on",
    )


def _content(file: Path) -> bytes:
    try:
        with places.open_file(file) as opened:
            return opened.read(2**20)
    except OSError as error:
        cause = error.strerror or str(error)
        raise InputRefused(
            "a file of the certificate cannot be read",
            file=file,
            cause=cause,
            remedy="Give chain.pem and key.pem there, or remove the folder: then nothing is signed",
        ) from None


def _library() -> tuple[Any, Any]:
    """x509 and serialization of cryptography. Raises SemrenderError where it is not installed."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        what = "Content Credentials need the libraries cryptography and c2pa-python"
        raise SemrenderError(what, cause=str(error), remedy=EXTRA) from error
    return x509, serialization
