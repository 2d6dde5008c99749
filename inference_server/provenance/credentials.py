"""Content Credentials (C2PA): what was done to a file, by which model and on what ground, signed, bound to its bytes.

Offline: no time stamp, nothing is asked of anybody. No thumbnails, which would be larger than all else. A manifest is
four kilobytes; of what has no place for one (OpenEXR) it lies beside, with the suffix `.c2pa`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, BinaryIO

from inference_server.provenance.certificates import EXTRA, Certificate
from shared import VERSION, places
from shared.errors import InputRefused, SemrenderError
from shared.values import Value
from shared.wording import one_line

SIDECAR = ".c2pa"
ANY = "application/octet-stream"  # of what C2PA has no place in
CONSENT, WATERMARK = "org.semrender.consent", "org.semrender.watermark"
SETTINGS = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"remote_manifest_fetch": False}}
STRANGER = "signingCredential.untrusted"


class Statement(Value):
    """What is said of a file.

    source_type: of the IPTC's vocabulary. agents: (name, version) of the models. consents: as in shot.json, each with
    its layer. plate: the file that was changed, `digest` what identifies its picture; None of what was made of none.
    watermark: the number in its pixels.
    """

    title: str
    source_type: str
    agents: tuple[tuple[str, str], ...]
    consents: tuple[Mapping[str, str], ...]
    plate: Path | None = None
    digest: str = ""
    watermark: int | None = None


class Reading(Value):
    """What a file's credentials come to.

    state: "Trusted" (unchanged, by a signer who is known here), "Valid" (unchanged, by a stranger), "Invalid", "none".
    why: codes of what does not fit. manifest: the active one, as c2pa-python tells it.
    """

    state: str
    why: tuple[str, ...] = ()
    signer: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def consents(self) -> list[dict[str, str]]:
        tables = self._tables(CONSENT, "statements")
        return [{name: value for name, value in one.items() if isinstance(value, str)} for one in tables]

    @property
    def actions(self) -> list[dict[str, Any]]:
        return self._tables("c2pa.actions", "actions")

    @property
    def watermark(self) -> str:
        """The number that the manifest says is in the pixels; empty where it says none."""
        return next((str(data.get("number", "")) for data in self._assertions(WATERMARK)), "")

    def _tables(self, label: str, name: str) -> list[dict[str, Any]]:
        """Whoever signed wrote what they liked: what is no list of tables is nothing."""
        lists = [data.get(name) for data in self._assertions(label)]
        return [one for found in lists if isinstance(found, list) for one in found if isinstance(one, dict)]

    def _assertions(self, label: str) -> list[dict[str, Any]]:
        told = self.manifest.get("assertions", [])
        return [one["data"] for one in told if one["label"].startswith(label) and isinstance(one.get("data"), dict)]


def load() -> Any:
    """The library. Raises SemrenderError where it is not installed."""
    try:
        import c2pa
    except (ImportError, OSError) as error:  # its own library may not load
        what = "Content Credentials need the library c2pa-python"
        raise SemrenderError(what, cause=str(error), remedy=EXTRA) from error
    return c2pa


def media_of(path: Path) -> str:
    """A file's kind as c2pa-python takes it; `ANY` where it has no place in such a file."""
    kind = path.suffix.lower().lstrip(".")
    return kind if kind in load().Builder.get_supported_mime_types() else ANY


def embedded(data: bytes, kind: str, statement: Statement, certificate: Certificate) -> bytes:
    """The file in `data` with its signed manifest. Raises SemrenderError."""
    signed = io.BytesIO()
    _sign(io.BytesIO(data), signed, kind, statement, certificate)
    return signed.getvalue()


def embed(source: Path, target: Path, statement: Statement, certificate: Certificate) -> None:
    """Write `target`, the file at `source` with its signed manifest. Raises SemrenderError, OSError of a full disk."""
    with source.open("rb") as read, target.open("w+b") as written:
        _sign(read, written, media_of(Path(statement.title)), statement, certificate)


def beside(file: Path, statement: Statement, certificate: Certificate) -> bytes:
    """The signed manifest of a file that has no place for one, as `FILE.c2pa` holds it. Raises SemrenderError."""
    with file.open("rb") as read:
        return _sign(read, None, ANY, statement, certificate)


def sidecar_of(path: Path) -> Path:
    """Where the manifest of a file lies that has no place for one."""
    return path.with_suffix(SIDECAR)


def _sign(
    source: BinaryIO, target: BinaryIO | None, kind: str, statement: Statement, certificate: Certificate
) -> bytes:
    c2pa = load()
    try:
        context = c2pa.Context.from_dict(SETTINGS)
        builder = c2pa.Builder.from_json(json.dumps(_manifest(kind, statement)), context=context)
        if target is None:
            builder.set_no_embed()
        if statement.plate is not None:
            _add_plate(c2pa, builder, statement.plate, statement.digest)
        about = c2pa.C2paSignerInfo(certificate.algorithm.encode(), certificate.chain, certificate.key, None)
        made: bytes = builder.sign(c2pa.Signer.from_info(about), kind, source, target or io.BytesIO())
        return made
    except c2pa.C2paError as error:
        raise SemrenderError(
            "the file could not be signed",
            file=getattr(source, "name", statement.title),
            cause=one_line(str(error)),
            remedy=f"See whether the file opens in other programs, and whether the certificate in {certificate.folder}"
            " is one for Content Credentials",
        ) from error


def _add_plate(c2pa: Any, builder: Any, plate: Path, digest: str) -> None:
    """What was changed, with the credentials that it has itself."""
    about = {"title": plate.name, "relationship": "parentOf", "label": "plate"}
    about |= {"instance_id": f"sha256:{digest}"} if digest else {}
    with places.open_file(plate) as file:
        try:
            builder.add_ingredient(about, media_of(plate), file)
        except c2pa.C2paError:  # it is damaged, or no such file as its name says
            file.seek(0)
            builder.add_ingredient(about, ANY, file)


def _manifest(kind: str, statement: Statement) -> dict[str, Any]:
    actions: list[dict[str, Any]] = []
    if statement.plate is not None:
        actions.append({"action": "c2pa.opened", "parameters": {"ingredientIds": ["plate"]}})
    for name, version in statement.agents or (("semrender", VERSION),):
        actions.append(
            {
                "action": "c2pa.edited" if actions else "c2pa.created",
                "digitalSourceType": statement.source_type,
                "softwareAgent": {"name": name, "version": version},
            }
        )
    assertions: list[dict[str, Any]] = [
        {"label": "c2pa.actions.v2", "data": {"actions": actions}},
        {"label": CONSENT, "data": {"statements": [dict(one) for one in statement.consents]}},
    ]
    if statement.watermark is not None:
        assertions.append({"label": WATERMARK, "data": {"number": f"{statement.watermark:08x}"}})
    generator = [{"name": "semrender", "version": VERSION}]
    return {"claim_generator_info": generator, "title": statement.title, "format": kind, "assertions": assertions}


def read(path: Path, roots: tuple[str, ...] = ()) -> Reading:
    """What the credentials of a file, or those beside it, come to. roots: PEM of whom to trust.

    Raises InputRefused where the file cannot be read, SemrenderError without the library.
    """
    c2pa = load()
    settings: dict[str, Any] = {**SETTINGS, "verify": {"remote_manifest_fetch": False, "verify_trust": True}}
    if roots:
        settings["trust"] = {"user_anchors": "\n".join(roots)}
    try:
        with places.open_file(path) as file:
            reader = _reader(c2pa, path, file, c2pa.Context.from_dict(settings))
            if reader is None:
                return Reading("none")
            with reader:
                return _read(reader)
    except OSError as error:
        raise InputRefused("the file cannot be read", file=path, cause=error.strerror or str(error)) from None
    except c2pa.C2paError as error:
        return Reading("Invalid", (str(error),))


def _reader(c2pa: Any, path: Path, file: BinaryIO, context: Any) -> Any:
    kind = media_of(path)
    found = None if kind == ANY else c2pa.Reader.try_create(kind, file, context=context)
    aside = sidecar_of(path)
    if found is not None or aside == path or not aside.is_file():
        return found
    file.seek(0)
    with places.open_file(aside) as manifest:
        return c2pa.Reader(kind, file, manifest_data=manifest.read(2**26), context=context)


def _read(reader: Any) -> Reading:
    manifest = reader.get_active_manifest() or {}
    results = (reader.get_validation_results() or {}).get("activeManifest", {})
    why = tuple(dict.fromkeys(one["code"] for one in results.get("failure", []) if one["code"] != STRANGER))
    about = manifest.get("signature_info", {})
    signer = ", ".join(str(about[name]) for name in ("common_name", "issuer") if about.get(name))
    return Reading(str(reader.get_validation_state()), why, signer, manifest)
