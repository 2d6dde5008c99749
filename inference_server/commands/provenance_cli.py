"""`semrender provenance`: what a file says of how it was made, and saying it of one's own final render."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inference_server.commands import consenting
from shared import places, schema
from shared.command import saying, tell
from shared.consent import CHANGED, LABELS, MADE, Consent
from shared.delivery import Delivery, read_delivery
from shared.errors import InputRefused, MissingInput, WrongArguments
from shared.wording import counted, one_line

PARTS = ("layer", "basis", "who", "purpose", "reference", "said")  # of a consent, in the order they are told in
STATES = {
    "Trusted": "nothing was changed since, signed by one that this machine knows: {signer}",
    "Valid": "nothing was changed since; signed by one that this machine does not know: {signer}",
    "Invalid": "something was changed since it was signed, or it is damaged ({why})",
    "none": "the file has none",
}


def add_commands(commands: Any) -> None:
    top = commands.add_parser("provenance", help="what a file says of how it was made; sign your own final render")
    verbs = top.add_subparsers(title="what to do", metavar="ACTION", required=True)
    reading = verbs.add_parser("read", help="credentials, source type and watermark of a file")
    reading.add_argument("file", type=Path, nargs="+", help="a picture, movie or sound")
    words = "certificates (PEM) of others whose signatures are trusted; may be given again"
    reading.add_argument("--trust", type=Path, action="append", default=[], metavar="PEM", help=words)
    words = "a delivery: whether the watermark of its layers is in the file, where they are"
    reading.add_argument("--delivery", type=Path, metavar="FOLDER", help=words)
    reading.set_defaults(run=run_read)

    signing = verbs.add_parser("sign", help="give a final render its Content Credentials")
    words = "mp4, mov, png, tif, jpg, wav ...; beside any other file its NAME.c2pa is written"
    signing.add_argument("file", type=Path, help=words)
    words = "the delivery that is in it: which models, on what ground"
    signing.add_argument("--delivery", type=Path, metavar="FOLDER", help=words)
    signing.add_argument("--out", type=Path, metavar="FILE", help="write another file (default: in its place)")
    signing.add_argument("--generated", action="store_true", help="all of it was made by a model, nothing was filmed")
    consenting.add_arguments(signing)
    signing.set_defaults(run=run_sign)

    words = "make this machine's certificate, or take a studio's: from then on changed faces are signed"
    certificate = verbs.add_parser("certificate", help=words)
    words = "certificates, leaf first, root last (PEM)"
    certificate.add_argument("--chain", type=Path, metavar="PEM", help=words)
    certificate.add_argument("--key", type=Path, metavar="PEM", help="the leaf's key, without a password")
    certificate.set_defaults(run=run_certificate)


def run_certificate(arguments: argparse.Namespace) -> int:
    """Have a certificate and say which. Raises InputRefused, SemrenderError, WrongArguments."""
    from inference_server.provenance import certificates

    if (arguments.chain is None) != (arguments.key is None):
        raise WrongArguments("--chain and --key go together", remedy="Give both, or neither to make a certificate")
    made = False
    if arguments.chain is not None:
        taken = certificates.read(arguments.chain, arguments.key)
        certificates.keep(taken.chain, taken.key)
        found = certificates.read(certificates.folder() / certificates.CHAIN, certificates.folder() / certificates.KEY)
    else:
        found, made = certificates.bring()
    if arguments.json:
        about = {"folder": str(found.folder), "name": found.name, "sha256": found.fingerprint, "made": made}
        tell("certificate", {**about, "root": found.root})
        return 0
    print(f"{found.folder}: {found.name}, SHA-256 {found.fingerprint[:16]}{', made now' if made else ''}")
    print("Whatever changes a face is signed on this machine from now on; remove the folder, and nothing is.")
    return 0


def run_sign(arguments: argparse.Namespace) -> int:
    """Sign a file. Raises in words."""
    from inference_server.provenance import certificates, credentials

    source: Path = arguments.file
    target: Path = arguments.out or source
    if not source.is_file():
        raise MissingInput("the file is not there", file=source)
    if target.suffix.lower() != source.suffix.lower():
        raise WrongArguments(f"--out is {target.name}, the file {source.name}", remedy="Give it the same suffix")
    credentials.load()
    agents, consents, kinds = _of_delivery(arguments.delivery)
    if (said := consenting.consent_of(arguments)) is not None:
        schema.read(Consent, said)
        consents.append(said)
    if not consents:
        remedy = "Name the delivery that is in it with --delivery, or say it with --consent"
        raise InputRefused("nobody said on what ground a face was changed in this file", file=source, remedy=remedy)
    certificate, made = certificates.bring()
    statement = credentials.Statement(
        title=target.name,
        source_type=MADE if arguments.generated or kinds == {MADE} else CHANGED,
        agents=tuple(agents.items()),
        consents=tuple(consents),
        plate=source,
    )
    embeds = credentials.media_of(source) != credentials.ANY
    file = target if embeds else credentials.sidecar_of(target)
    if not embeds and target != source:
        raise WrongArguments(f"a {source.suffix} keeps its credentials beside it", remedy="Leave --out away")
    with places.whole(file, "the signed file", "Free space or allow writing") as beside:
        if embeds:
            credentials.embed(source, beside, statement, certificate)
        else:
            beside.write_bytes(credentials.beside(source, statement, certificate))
        with beside.open("rb+") as written:
            os.fsync(written.fileno())
    if arguments.json:
        tell("signed", {"file": str(file), "signer": certificate.name, "certificate_made": made})
        return 0
    if made:
        print(f"made a certificate for this machine: {certificate.folder}")
    last = "Whatever is changed from now on breaks the signature; sign last"
    print(f"{one_line(str(file))}: signed by {one_line(certificate.name)}. {last}")
    return 0


def _of_delivery(folder: Path | None) -> tuple[dict[str, str], list[Mapping[str, str]], set[str]]:
    """Models, consents and source types of the faces in a delivery. Raises InputRefused where it has none."""
    if folder is None:
        return {}, [], set()
    made: Delivery = read_delivery(folder)
    layers = [one for one in made.layers if one.role == "painting" and one.provenance.synthetic]
    if not layers:
        raise InputRefused("no face was changed in this delivery", file=folder)
    agents = {one.provenance.model: one.provenance.model_hash for one in layers}
    consents: list[Mapping[str, str]] = [{"layer": one.name, "said": one.provenance.consent} for one in layers]
    return agents, consents, {one.provenance.synthetic for one in layers}


def run_read(arguments: argparse.Namespace) -> int:
    """Tell of each file. Raises InputRefused naming the one that cannot be read."""
    from inference_server.provenance import reading

    say = saying(arguments.json)
    trusted = tuple(_pem(path) for path in arguments.trust)
    for path in arguments.file:
        if not path.is_file():
            raise MissingInput("the file is not there", file=path)
        told = reading.tell(path, trusted, say)
        found = [] if arguments.delivery is None else reading.matches(path, arguments.delivery, told.watermark, say)
        if arguments.json:
            layers = [_layer_as_json(one.layer, one.number, one.there, one.sure) for one in found]
            more = {} if arguments.delivery is None else {"layers": layers}
            tell("provenance", {"file": str(path), **as_json(told), **more})
        else:
            lines = [_of_layer(one.layer, one.number, one.there, one.sure) for one in found]
            print("\n  ".join(map(one_line, [str(path), *_words(told), *lines])))
    return 0


def _layer_as_json(layer: str, number: int, there: bool, sure: float) -> dict[str, Any]:
    return {"layer": layer, "number": f"{number:08x}", "there": there, "sure": sure}


def _of_layer(layer: str, number: int, there: bool, sure: float) -> str:
    words = "is in it" if there else "was not found in it"
    return f"layer {layer}: its watermark {number:08x} {words}, {sure:g} deviations above chance"


def _pem(path: Path) -> str:
    from inference_server.provenance import certificates

    return certificates.roots(path)


def as_json(told: Any) -> dict[str, Any]:
    found, mark = told.credentials, told.watermark
    return {
        "credentials": None
        if found is None
        else {
            **{"state": found.state, "why": list(found.why), "signer": found.signer},
            **{"actions": found.actions, "consents": found.consents, "watermark": found.watermark},
        },
        "source_type": told.source_type,
        "watermark": None
        if mark is None
        else {
            **{"number": f"{mark.number:08x}", "sure": mark.sure, "doubtful_bits": mark.doubtful},
            "scale": mark.scale,
        },
        "frames": told.frames,
    }


def _words(told: Any) -> list[str]:
    found, lines = told.credentials, []
    if found is None:
        lines.append(f"Content Credentials: not looked at. {told.lacks}")
    else:
        state = STATES[found.state].format(signer=found.signer, why=", ".join(found.why))
        lines.append(f"Content Credentials: {'' if found.state == 'none' else f'{found.state}: '}{state}")
        for action in found.actions:
            agent = action.get("softwareAgent") or {}
            name = str(agent.get("name", "") if isinstance(agent, dict) else agent)
            kind = str(action.get("digitalSourceType", "")).rpartition("/")[2]
            what = str(action.get("action", ""))
            lines.append(" ".join(part for part in ("  ", what, name and f"by {name}", kind) if part))
        for one in found.consents:
            lines.append("   consent: " + ", ".join(one[name] for name in PARTS if one.get(name)))
    kind = told.source_type.rpartition("/")[2]
    label = LABELS.get(told.source_type)
    lines.append(f"source type (IPTC): {kind}{f', {label}' if label else ''}" if kind else "source type (IPTC): none")
    if not told.frames:
        return [*lines, f"watermark: not looked for, {told.unseen or 'the file has no pictures'}"]
    looked = f"in {counted(told.frames, 'frame')}"
    mark = told.watermark
    if mark is None:
        return [*lines, f"watermark: none found {looked}"]
    doubt = f"; {counted(mark.doubtful, 'bit')} of 32 in doubt" if mark.doubtful else ""
    scale = f", scaled to {mark.scale:.0%}" if mark.scale != 1 else ""
    return [*lines, f"watermark: {mark.number:08x}, {mark.sure:g} deviations above chance {looked}{scale}{doubt}"]
