"""What a file with a changed face says of itself: signatures, source type, label; by the command, of real files."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

pytest.importorskip("c2pa")

from inference_server.commands import provenance_cli
from inference_server.provenance import certificates, credentials, reading, source_type, watermark
from inference_server.worker import outputs
from shared import places
from shared.consent import BASES
from shared.delivery import read_delivery
from shared.movies import about_movie
from tests.conftest import ROOT, semrender
from tests.inference_server.speakers import add_known
from tests.inference_server.test_lips import clicks, plate_of
from tests.inference_server.walkers import add_generator

CONSENT = ("--consent", "written-release", "--consent-who", "Eileen", "--consent-purpose", "a test")
CONSENT = (*CONSENT, "--consent-reference", "file 12", "--option", "keep_colour=false")
CHANGED = "compositeWithTrainedAlgorithmicMedia"
FACES = ROOT / "tests" / "data" / "faces"
RELEASE = {"basis": "written-release", "who": "Eileen", "purpose": "a test", "reference": "file 12"}


@pytest.fixture
def known(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SEMRENDER_CERTIFICATE", raising=False)
    return add_known(places.models_folder(), loud=3.0)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A delivery that was made where nothing is signed, and what it was made of."""
    folder = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMRENDER_HOME", str(folder / "home"))
        patch.delenv("SEMRENDER_CERTIFICATE", raising=False)
        add_known(places.models_folder(), loud=3.0)
        close_up(folder / "plate", 4)
        clicks(folder / "voice.wav", [1])
        assert painted(folder / "out", folder)["painted"] == 4
    return folder


def close_up(folder, count):
    """Frames 1001 on, of a face that fills them and moves."""
    folder.mkdir()
    face = Image.open(FACES / "astronaut.jpg").convert("RGB").crop((130, 20, 330, 220)).resize((480, 480))
    for place in range(count):
        frame = Image.new("RGB", (512, 480), (120, 120, 120))
        frame.paste(face, (16 + round(6 * np.sin(place / 3)), 0))
        frame.save(folder / f"plate.{1001 + place}.png")


def painted(out, made_of, *more):
    done = semrender(
        "--json", "render", made_of / "plate" / "plate.####.png", "--model", "known", "--audio", made_of / "voice.wav",
        "--out", out, "--no-aep", *CONSENT, *more,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return next(json.loads(line) for line in done.stdout.splitlines() if '"event": "done"' in line)


def told(path, *trusted):
    """As `semrender provenance read --json` tells it."""
    return provenance_cli.as_json(reading.tell(path, trusted))


def with_one_byte_changed(path, target, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    target.write_bytes(data)
    return target


def pixels(path):
    return np.asarray(Image.open(path))


def test_without_a_certificate_files_state_their_source_type_and_have_a_watermark(plain):
    frame = plain / "out" / "plate" / "plate.1002.png"
    for path in (frame, *(plain / "out" / name for name in ("preview.png", "preview.webp", "movie.mp4"))):
        found = told(path)
        assert (found["credentials"]["state"], found["source_type"].rpartition("/")[2]) == ("none", CHANGED), path
    assert told(frame)["watermark"]["sure"] > 10
    number = read_delivery(plain / "out").layers[0].provenance.watermark
    assert told(frame)["watermark"]["number"] == number == outputs.read_metadata(frame)["watermark"]
    shown = semrender("--json", "provenance", "read", plain / "out" / "movie.mp4", "--delivery", plain / "out")
    (layer,) = json.loads(shown.stdout)["layers"]
    assert (layer["layer"], layer["number"], layer["there"]) == ("plate", number, True), shown.stderr
    elsewhere = watermark.Found(int(number, 16), 24.0, 0, 1.0)  # as of a preview that is marked beside a small mouth
    (without,), (match,) = (reading.matches(FACES / "astronaut.jpg", plain / "out", one) for one in (None, elsewhere))
    assert (without.there, match.there, match.sure) == (False, True, 24.0)


def test_previews_have_the_label_and_layers_have_not(plain):
    preview = pixels(plain / "out" / "preview.png")
    height, width = preview.shape[:2]
    low = preview[height * 4 // 5 :]
    assert (low[:, width // 2 : width * 3 // 4] == 255).all(-1).sum() > 50, "white letters in the half that was changed"
    assert not (low[:, : width // 4] == 255).all(-1).any()
    assert not pixels(plain / "out" / "plate" / "plate.1001.png")[-60:, :, 3].any()
    assert read_delivery(plain / "out").notices[0].text == "AI MODIFIED"


def test_what_is_painted_already_is_signed_where_there_is_a_certificate(known, plain, tmp_path):
    out = shutil.copytree(plain / "out", tmp_path / "out")
    made = semrender("provenance", "certificate")
    assert made.returncode == 0 and "made now" in made.stdout, made.stderr
    folder = tmp_path / "home" / "certificate"
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    assert painted(out, plain)["kept"] == 4
    frame, before = out / "plate" / "plate.1002.png", plain / "out" / "plate" / "plate.1002.png"
    assert (pixels(frame) == pixels(before)).all(), "a signature changes no pixel"
    assert outputs.read_metadata(frame) == outputs.read_metadata(before)
    found = told(frame)["credentials"]
    assert found["state"] == "Trusted", found
    opened, edited = found["actions"]
    assert opened["action"] == "c2pa.opened" and edited["action"] == "c2pa.edited"
    assert edited["digitalSourceType"].endswith(f"/{CHANGED}")
    assert edited["softwareAgent"]["name"] == "known" and edited["softwareAgent"]["version"].startswith("sha256:")
    assert found["consents"] == [{"layer": "plate", **RELEASE}]
    assert told(frame)["watermark"]["number"] == found["watermark"]
    manifest = credentials.read(frame).manifest
    assert [one["title"] for one in manifest["ingredients"]] == ["plate.1002.png"]
    assert "thumbnail" not in json.dumps(manifest)
    for name in ("plate/plate.1004.png", "preview.png", "preview.webp", "movie.mp4"):
        assert told(out / name)["credentials"]["state"] == "Trusted", name
    changed = told(with_one_byte_changed(frame, tmp_path / "changed.png", -2000))["credentials"]
    assert (changed["state"], changed["why"]) == ("Invalid", ["assertion.dataHash.mismatch"])
    movie = told(with_one_byte_changed(out / "movie.mp4", tmp_path / "changed.mp4", -1500))["credentials"]
    assert movie["state"] == "Invalid"
    written = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    assert painted(out, plain)["kept"] == 4
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == written, "nothing is signed twice"
    assert read_delivery(out).shot.version == 1
    assert painted(tmp_path / "out_take002", plain)["copied"] == 4
    copy = told(tmp_path / "out_take002" / "plate" / "plate.1002.png")["credentials"]
    assert copy["state"] == "Trusted", "what is copied gets a header of its own, and a signature of its own"
    shutil.move(folder, tmp_path / "other")
    assert told(frame)["credentials"]["state"] == "Valid", "whole, and signed by a stranger"
    assert told(frame, (tmp_path / "other" / "chain.pem").read_text())["credentials"]["state"] == "Trusted"


def test_beside_an_exr_lies_its_signature(known, plain, tmp_path):
    certificates.bring()
    out, how = tmp_path / "out", ("--format", "exr", "--movie", "none", "--frames", "1002-1003")
    painted(out, plain, *how)
    frame, aside = out / "plate" / "plate.1002.exr", out / "plate" / "plate.1002.c2pa"
    found = told(frame)
    assert OpenEXR.File(str(frame)).header()["xmp"] == source_type.packet(found["source_type"])
    assert found["source_type"].endswith(f"/{CHANGED}") and found["credentials"]["state"] == "Trusted"
    assert found["watermark"]["number"] == found["credentials"]["watermark"]
    with_one_byte_changed(frame, tmp_path / "plate.1002.exr", -5)
    shutil.copy(aside, tmp_path)
    assert told(tmp_path / "plate.1002.exr")["credentials"]["state"] == "Invalid"
    aside.unlink()
    written = frame.read_bytes()
    assert painted(out, plain, *how)["kept"] == 2
    assert frame.read_bytes() == written and told(frame)["credentials"]["state"] == "Trusted"


def test_what_was_killed_amid_signing_is_whole_and_signed_at_the_end(known, plain, tmp_path):
    certificates.bring()
    out, how = tmp_path / "out", ("--format", "exr", "--movie", "none")
    command = [
        *(sys.executable, "-m", "semrender", "render", plain / "plate" / "plate.####.png", "--model", "known"),
        *("--audio", plain / "voice.wav", "--out", out, "--no-aep", *CONSENT, *how),
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, start_new_session=True, **quiet)
    while not list((out / "plate").glob("*.exr")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "delivery.json").exists()
    painted(out, plain, *how)
    frames = sorted((out / "plate").glob("*.exr"))
    assert len(frames) == 4 and all(told(frame)["credentials"]["state"] == "Trusted" for frame in frames)


def test_another_statement_is_another_frame(known, plain, tmp_path):
    certificates.bring()
    out = shutil.copytree(plain / "out", tmp_path / "out")
    how = ("--movie", "none", "--frames", "1001", "--option", "watermark=false")
    again = painted(out, plain, *how[:4], "--consent-who", "Sally")
    assert again["kept"] == 0, "a frame that says whose face it is cannot be kept under another statement"
    frame = tmp_path / "bare" / "plate" / "plate.1001.png"
    assert painted(tmp_path / "bare", plain, *how)["kept"] == 0 and told(frame)["watermark"] is None
    assert told(frame)["credentials"]["state"] == "Trusted", "signed as it was painted"
    without, marked = pixels(frame), pixels(plain / "out" / "plate" / "plate.1001.png")
    assert (marked[..., 3] == without[..., 3]).all()
    apart = np.abs(marked[..., :3].astype(int) - without[..., :3])[without[..., 3] > 0]
    assert apart.mean() > 0 and apart.max() <= 4


def test_a_face_that_a_model_made_of_nothing_is_generated(monkeypatch, tmp_path):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SEMRENDER_CERTIFICATE", raising=False)
    add_generator("faces")
    shutil.copytree(places.models_folder() / "faces", tmp_path / "faces")
    added = semrender("models", "add", tmp_path / "faces", "--replace", "--likeness", "--json")
    assert added.returncode == 0, added.stderr
    card = json.loads(added.stdout)
    assert card["makes"]["likeness"] and card["options"][-1]["name"] == "watermark"
    certificates.bring()
    walk = ("render", "--model", "faces", "--seeds", "1,2", "--frames", "1-2", "--out", tmp_path / "out", "--no-aep")
    refused = semrender(*walk)
    assert refused.returncode == 3 and "on what ground" in refused.stderr, refused.stderr
    done = semrender(*walk, "--consent", "synthetic-or-fictional")
    assert done.returncode == 0, done.stderr
    made = read_delivery(tmp_path / "out")
    assert [one.text for one in made.notices] == ["AI GENERATED"]
    found = told(next((tmp_path / "out" / made.layers[0].name).glob("*.png")))
    assert found["credentials"]["state"] == "Trusted" and found["source_type"].endswith("/trainedAlgorithmicMedia")
    (created,) = found["credentials"]["actions"]
    assert created["action"] == "c2pa.created" and created["digitalSourceType"] == found["source_type"]


def test_a_certificate_that_cannot_be_used_is_said_before_anything_is_painted(known, tmp_path, monkeypatch):
    certificates.bring()
    (tmp_path / "home" / "certificate" / "key.pem").unlink()
    plate_of(tmp_path / "plate", 2)
    refused = semrender(
        "render", tmp_path / "plate" / "plate.####.png", "--model", "known", "--audio",
        clicks(tmp_path / "voice.wav", [1]), "--out", tmp_path / "out", *CONSENT,
    )  # fmt: skip
    assert refused.returncode == 3 and "key.pem" in refused.stderr and "remove the folder" in refused.stderr
    assert not (tmp_path / "out" / "plate").exists()


def studios(folder, days=30):
    """A chain as a studio has it, root, another below it, leaf, all of P-384, valid for so many days more."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now, pem = datetime.now(UTC), serialization.Encoding.PEM
    keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(3)]
    house = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Studio")
    called = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name) for name in ("root", "between", "signer")]
    names = [x509.Name([one, house]) for one in called]
    chain = b""
    for place in range(3):
        above = max(place - 1, 0)
        made = x509.CertificateBuilder().subject_name(names[place]).issuer_name(names[above])
        made = made.public_key(keys[place].public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=60)).not_valid_after(now + timedelta(days=days))
        leaf = place == 2
        used = [leaf, False, False, False, False, not leaf, not leaf, False, False]
        made = made.add_extension(x509.BasicConstraints(not leaf, None), critical=True)
        made = made.add_extension(x509.KeyUsage(*used), critical=True)
        if leaf:
            made = made.add_extension(
                x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
            )
        named = x509.SubjectKeyIdentifier.from_public_key(keys[place].public_key())
        made = made.add_extension(named, critical=False)
        upper = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[above].public_key())
        made = made.add_extension(upper, critical=False).sign(keys[above], hashes.SHA384())
        chain = made.public_bytes(pem) + chain
    folder.mkdir()
    (folder / "chain.pem").write_bytes(chain)
    secret = keys[2].private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    return folder


@pytest.fixture
def picture(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SEMRENDER_CERTIFICATE", raising=False)
    path = tmp_path / "final.jpg"
    Image.effect_noise((256, 192), 40).convert("RGB").save(path)
    return path


def test_a_studio_signs_with_its_own_chain(picture, tmp_path, monkeypatch):
    folder = studios(tmp_path / "studio")
    monkeypatch.setenv("SEMRENDER_CERTIFICATE", str(folder))
    done = semrender("provenance", "sign", picture, "--consent", "synthetic-or-fictional")
    assert done.returncode == 0 and "signed by signer" in done.stdout, done.stderr
    found = told(picture)["credentials"]
    assert (found["state"], found["signer"]) == ("Trusted", "signer, Studio")
    monkeypatch.delenv("SEMRENDER_CERTIFICATE")
    taken = semrender("provenance", "certificate", "--chain", folder / "chain.pem", "--key", folder / "key.pem")
    assert taken.returncode == 0 and told(picture)["credentials"]["state"] == "Trusted", taken.stderr
    ended = studios(tmp_path / "ended", days=-1)
    late = semrender("provenance", "certificate", "--chain", ended / "chain.pem", "--key", ended / "key.pem")
    assert late.returncode == 3 and "not valid today" in late.stderr
    wrong = semrender("provenance", "certificate", "--chain", folder / "chain.pem", "--key", ended / "key.pem")
    assert wrong.returncode == 3 and "not that of the chain's first certificate" in wrong.stderr
    assert told(picture)["credentials"]["state"] == "Trusted", "the one that was there stays"


def test_an_artist_signs_the_final_render(picture, tmp_path):
    refused = semrender("provenance", "sign", picture)
    assert refused.returncode == 3 and "nobody said on what ground" in refused.stderr
    out = tmp_path / "signed.jpg"
    mine = ("--consent", "own-likeness", "--consent-who", "me", "--consent-purpose", "it")
    done = semrender("provenance", "sign", picture, "--out", out, *mine)
    assert done.returncode == 0 and "made a certificate" in done.stdout, done.stderr
    assert told(picture)["credentials"]["state"] == "none" and told(out)["credentials"]["state"] == "Trusted"
    as_json = semrender("provenance", "read", out, "--json", "--trust", tmp_path / "home" / "certificate" / "chain.pem")
    assert as_json.returncode == 0 and json.loads(as_json.stdout)["credentials"]["state"] == "Trusted", as_json.stderr
    words = semrender("provenance", "read", out).stdout
    assert "Trusted: nothing was changed since" in words and "consent: own-likeness, me, it" in words
    again = semrender("provenance", "sign", out, *mine, "--generated")
    assert again.returncode == 0, again.stderr
    found = told(out)["credentials"]
    assert found["state"] == "Trusted"
    assert found["actions"][-1]["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    saved = tmp_path / "saved.jpg"
    Image.open(out).save(saved)
    assert told(saved)["credentials"]["state"] == "none", "another program drops them"
    assert semrender("provenance", "read", tmp_path / "no.png").returncode == 3


@pytest.mark.parametrize(
    "suffix, basis",
    list(zip(["tif", "png", "wav", "mp4", "mov", "webp"], [*BASES, *BASES][:6], strict=True)),
)
def test_what_can_be_signed_on_each_ground(picture, tmp_path, suffix, basis):
    from fractions import Fraction

    from shared.movies import write_movie

    path = tmp_path / f"final.{suffix}"
    if suffix == "wav":
        clicks(path, [1])
    elif suffix in ("mp4", "mov"):
        noise = np.random.default_rng(0)
        frames = (noise.integers(0, 255, (192, 256, 3), np.uint8) for _ in range(3))
        write_movie(path, frames, Fraction(24), "h264" if suffix == "mp4" else "prores", about="semrender it")
    else:
        Image.open(picture).save(path)
    said = {"basis": basis, "who": "Eileen", "purpose": "a test", "reference": "file 12"}
    options = ("--consent-who", "Eileen", "--consent-purpose", "a test", "--consent-reference", "file 12")
    done = semrender("provenance", "sign", path, "--consent", basis, *options)
    assert done.returncode == 0, done.stderr
    assert told(path)["credentials"]["state"] == "Trusted"
    assert told(path)["credentials"]["consents"] == [said]
    data = path.read_bytes()
    place = len(data) * 2 // 3
    assert told(with_one_byte_changed(path, tmp_path / f"changed.{suffix}", place))["credentials"]["state"] == "Invalid"
    if suffix in ("mp4", "mov"):
        assert about_movie(path) == "semrender it", "what the house wrote into it is still read"


def test_without_the_libraries_it_is_said(picture, tmp_path, monkeypatch):
    without = tmp_path / "without"
    without.mkdir()
    for name in ("c2pa", "cryptography"):
        (without / f"{name}.py").write_text(f"raise ImportError('there is no {name}')\n")
    monkeypatch.setenv("PYTHONPATH", f"{without}:{Path.cwd()}")
    done = semrender("provenance", "sign", picture, "--consent", "synthetic-or-fictional")
    assert done.returncode == 1 and "pip install 'semrender[provenance]'" in done.stderr, done.stderr
    read = semrender("provenance", "read", picture)
    assert read.returncode == 0 and "not looked at" in read.stdout and "watermark: none found in 1 frame" in read.stdout
