"""Content Credentials of what has somebody's face in it: signed on machines that have a certificate, and nowhere else.

A PNG is signed before it is placed, so that under its final name it is whole; beside an EXR lies its `.c2pa`. Pixels
and keys know nothing of it: what was painted where nothing is signed is signed when it is delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

from inference_server.provenance import certificates, credentials
from inference_server.provenance.certificates import Certificate
from inference_server.provenance.credentials import Statement
from inference_server.roots import inside
from inference_server.worker import faces, outputs
from inference_server.worker.keys import input_hash
from inference_server.worker.plan import LayerPlan, Plan
from inference_server.worker.png_chunks import is_sealed
from shared import schema

Seal = Callable[[bytes], bytes]  # a PNG's bytes, with its signature in them


def certificate() -> Certificate | None:
    """That of this machine. Raises SemrenderError in words where it has one that cannot be used."""
    if not certificates.there():
        return None
    folder = certificates.folder()
    files = [folder / name for name in (certificates.CHAIN, certificates.KEY)]
    return _read(*files, *(file.stat().st_mtime_ns if file.exists() else 0 for file in files))


@lru_cache(maxsize=4)
def _read(chain: Path, key: Path, *_: int) -> Certificate:
    credentials.load()
    return certificates.read(chain, key)


def _certificate_for(layers: Iterable[LayerPlan]) -> Certificate | None:
    return certificate() if any(map(faces.is_face, layers)) else None


def signer(layers: Iterable[LayerPlan]) -> str:
    """Whose signature these layers get on this machine: a certificate's SHA-256, or nothing. Raises SemrenderError."""
    known = _certificate_for(layers)
    return "" if known is None else known.fingerprint


@contextmanager
def sealed(plan: Plan, own: LayerPlan, frame: int, path: Path) -> Iterator[Seal | None]:
    """What signs the PNG that the block writes. Of an EXR the signature beside it goes before, since another picture's
    is none, and is made anew after a block that did not fail."""
    if faces.is_face(own) and path.suffix == ".exr":
        credentials.sidecar_of(path).unlink(missing_ok=True)
    yield _seal(plan, own, frame, path)
    _write_beside(plan, own, frame, path)


def _seal(plan: Plan, own: LayerPlan, frame: int, path: Path) -> Seal | None:
    """What signs a frame's PNG; None where nothing does."""
    known = _certificate_for([own]) if path.suffix == ".png" else None
    if known is None:
        return None
    said = statement(plan, [own], frame, path.name)
    return partial(credentials.embedded, kind="png", statement=said, certificate=known)


def _write_beside(plan: Plan, own: LayerPlan, frame: int, path: Path) -> None:
    """The signature of an EXR, which has no place for one; of a PNG nothing."""
    known = _certificate_for([own]) if path.suffix == ".exr" else None
    if known is not None:
        said = statement(plan, [own], frame, path.name)
        outputs.place(credentials.sidecar_of(path), credentials.beside(path, said, known))


def complete(plan: Plan, own: LayerPlan, frames: Iterable[int]) -> None:
    """Sign the finished frames of a layer that are not. Raises SemrenderError."""
    if not faces.is_face(own) or certificate() is None:
        return
    for frame in frames:
        path = plan.picture_path(own.layer.name, frame)
        if path.suffix == ".exr":
            if not credentials.sidecar_of(path).is_file():
                _write_beside(plan, own, frame, path)
        elif not is_sealed(path) and (signs := _seal(plan, own, frame, path)) is not None:
            outputs.place(path, signs(path.read_bytes()))


def embedded(plan: Plan, frame: int, data: bytes, path: Path) -> bytes:
    """A preview, signed where it shows a face and this machine has a certificate. path: as it will be called."""
    known = _certificate_for(plan.layers.values())
    if known is None:
        return data
    said = statement(plan, plan.layers.values(), frame, path.name)
    return credentials.embedded(data, credentials.media_of(path), said, known)


def embed(plan: Plan, frame: int, path: Path, title: str) -> None:
    """As `embedded`, of a file that may be large, in its place."""
    known = _certificate_for(plan.layers.values())
    if known is None:
        return
    signed = path.with_name(f"{path.name}.signed")
    try:
        credentials.embed(path, signed, statement(plan, plan.layers.values(), frame, title), known)
        signed.replace(path)
    finally:
        signed.unlink(missing_ok=True)


def statement(plan: Plan, layers: Iterable[LayerPlan], frame: int, title: str) -> Statement:
    """What is said of a file that shows these layers on a frame; those without a face have no part in it."""
    own_faces = [own for own in layers if faces.is_face(own)]
    outline = next((own.outline for own in own_faces if own.outline is not None), None)
    agents = {own.card.name: f"sha256:{own.card.weights.sha256}" for own in own_faces}
    return Statement(
        title=title,
        source_type=faces.source_type_of(own_faces),
        agents=tuple(agents.items()),
        consents=tuple({"layer": own.layer.name, **schema.plain(own.layer.consent)} for own in own_faces),
        plate=None if outline is None else inside(outline.file(frame), plan.roots),
        digest=input_hash(plan, outline, frame) or "",
        watermark=next((one for one in map(faces.number, own_faces) if one is not None), None),
    )
