"""`semrender dataset`: faces and pictures as equal squares, out of anything, twice the same, sources untouched."""

import csv
import hashlib
import io
import json
import zipfile
from fractions import Fraction
from pathlib import Path

import av
import cv2
import jsonschema
import numpy as np
import pytest
from PIL import Image

from inference_server.datasets import detector
from inference_server.datasets.document import read_dataset
from semrender import main
from shared.schema import plain
from tests.conftest import ROOT
from tools.schemas import schemas

ASTRONAUT = ROOT / "tests" / "data" / "faces" / "astronaut.jpg"


def astronaut():
    return np.asarray(Image.open(ASTRONAUT))


def drawn(seed, size=(96, 128)):
    """Something without a face."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC)


def clip_file(path, pictures, aspect=None):
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as movie:
        stream = movie.add_stream("libx264", rate=Fraction(25), options={"qp": "10"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if aspect is not None:
            stream.sample_aspect_ratio = aspect
        for picture in pictures:
            movie.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture))))
        movie.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """30 frames: a face that moves, cut to something else, and two faces side by side."""
    face = cv2.resize(astronaut(), (200, 188), interpolation=cv2.INTER_AREA)[:180]
    one = [np.pad(face, ((0, 0), (4 * n, 120 - 4 * n), (0, 0)), "edge") for n in range(12)]
    other = [np.roll(drawn(3, (180, 320)), n, 1) for n in range(6)]
    two = np.concatenate([face[:, :160], face[:, 159::-1]], 1)
    return clip_file(tmp_path_factory.mktemp("talk") / "talk.mp4", [*one, *other, *[two] * 12])


def content(folder):
    """Every file of a dataset but what is kept for the next run."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and ".work" not in file.parts]
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def rejected(folder):
    return list(csv.DictReader(io.StringIO((folder / "rejected.csv").read_text("utf-8"))))


def faces(*arguments):
    return main(["dataset", "faces", *map(str, arguments)])


def test_every_odd_picture_is_handled_in_words_and_none_is_touched(tmp_path, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    face = astronaut()
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    Image.fromarray(face).save(photos / "a1.png")
    Image.fromarray(grey[8:, 5:]).save(photos / "a2_grey.png")
    Image.fromarray(np.dstack([face[:, ::-1], np.full(grey.shape, 200, np.uint8)])).save(photos / "a3_rgba.png")
    cv2.imwrite(str(photos / "a4_16bit.png"), face[20:, ::-1, ::-1].astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(face[:, 9:])).save(photos / "a5_turned.jpg", exif=exif, quality=95)
    (photos / "a6_cut_off.jpg").write_bytes(ASTRONAUT.read_bytes()[:9000])
    Image.fromarray(cv2.resize(face, (20, 20), interpolation=cv2.INTER_AREA)).save(photos / "a7_tiny.png")
    Image.fromarray(drawn(1)).save(photos / "a10_nobody.png")
    (photos / "b_same.png").write_bytes((photos / "a1.png").read_bytes())
    before = content(photos)

    assert faces(photos, "--out", tmp_path / "out", "--size", 128, "--distance", -1) == 4
    told = capsys.readouterr().out
    assert content(photos) == before
    assert "a6_cut_off.jpg: " in told and "stops before its end marker" in told
    for words in (
        "1 picture: grey, made RGB",
        "1 picture: 16 bits, made 8",
        "1 picture: transparent, laid over black",
        "1 picture: turned upright as its EXIF says",
        "1 file left out that another equals byte by byte",
        "5 pictures are few",
    ):
        assert words in told, words
    made = read_dataset(tmp_path / "out")
    assert [picture.file for picture in made.pictures] == [
        "a1.0.png",
        "a2_grey.0.png",
        "a3_rgba.0.png",
        "a4_16bit.0.png",
        "a5_turned.0.png",
    ]
    upright = made.pictures[4].quad
    assert upright[0] < upright[6] and upright[1] < upright[3], "the eyes are above the mouth"
    for picture in made.pictures:
        with Image.open(tmp_path / "out" / "pictures" / picture.file) as opened:
            assert (opened.mode, opened.size) == ("RGB", (128, 128))
    rows = {row["file"]: row for row in rejected(tmp_path / "out")}
    assert rows["a10_nobody.png"]["reason"] == "no face"
    assert rows["a7_tiny.png"]["reason"] in ("no face", "too small", "not sure it is a face")
    assert list(rows) == ["a7_tiny.png", "a10_nobody.png"], "in the order of their numbers"
    jsonschema.validate(plain(made), schemas()["dataset"])


def test_a_clip_gives_shots_people_and_twins_and_the_artist_picks(talk, tmp_path, capsys):
    out = tmp_path / "out"
    assert faces(talk, "--out", out, "--size", 64, "--every", 1) == 0
    made = read_dataset(out)
    rows = rejected(out)
    assert {row["reason"] for row in rows} == {"no face", "twin"}
    assert sum(row["reason"] == "no face" for row in rows) == 6
    assert {(picture.shot, picture.person) for picture in made.pictures} == {(0, 1), (2, 2), (2, 3)}
    assert [picture.seconds for picture in made.pictures if picture.shot == 2] == [0.72, 0.72], (
        "frame 18 of 25 a second"
    )
    for sheet in ("kept.png", "rejected.png", "people.png"):
        assert cv2.imread(str(out / sheet)) is not None
    with zipfile.ZipFile(out / "dataset.zip") as archive:  # as stylegan2-ada and stylegan3 read it
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}
        assert json.loads(archive.read("dataset.json")) == {"labels": None}
        shapes = {np.asarray(Image.open(io.BytesIO(archive.read(p.file)))).shape for p in made.pictures}
        assert shapes == {(64, 64, 3)}

    left = next(p.person for p in made.pictures if p.shot == 2 and p.quad[0] < 100)
    assert faces(talk, "--out", out, "--size", 64, "--every", 1, "--people", left, "--distance", -1) == 0
    assert {picture.person for picture in read_dataset(out).pictures} == {left}
    assert len(read_dataset(out).pictures) == len(list((out / "pictures").iterdir())) == 12
    assert "another person" in capsys.readouterr().out


def test_interrupted_it_goes_on_and_the_same_call_gives_the_same_bytes(talk, tmp_path, monkeypatch, capsys):
    looked = []

    def counted(self, picture, find=detector.Detector.faces):
        looked.append(1)
        if len(looked) == 10:
            raise KeyboardInterrupt
        return find(self, picture)

    monkeypatch.setattr(detector.Detector, "faces", counted)
    arguments = (talk, "--size", 32, "--every", 1, "--crop", "box")
    assert faces(*arguments, "--out", tmp_path / "a") == 130
    assert "The same command goes on from here" in capsys.readouterr().err
    journal = tmp_path / "a" / ".work" / "looked.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])  # the power went while the last line was written
    assert faces(*arguments, "--out", tmp_path / "a") == 0
    assert len(looked) == 10 + 22
    assert faces(*arguments, "--out", tmp_path / "b") == 0
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert faces(*arguments, "--out", tmp_path / "b") == 0
    assert len(looked) == 10 + 22 + 30, "what was found is not looked for again"
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_what_an_artist_took_out_or_retouched_stays_so(tmp_path, capsys):
    things = tmp_path / "things"
    things.mkdir()
    for n in range(4):
        Image.fromarray(drawn(n)).save(things / f"thing{n}.png")
    out = tmp_path / "out"
    arguments = ["dataset", "pictures", str(things), "--out", str(out), "--size", "64"]
    assert main(arguments) == 0
    pictures = out / "pictures"
    (pictures / "thing1.png").unlink()
    retouched = np.full((64, 64, 3), 90, np.uint8)
    cv2.imwrite(str(pictures / "thing2.png"), retouched)
    (things / "thing3.png").unlink()
    assert main(arguments) == 0
    assert sorted(file.name for file in pictures.iterdir()) == ["thing0.png", "thing2.png"]
    assert (cv2.imread(str(pictures / "thing2.png")) == retouched).all()
    assert [(row["file"], row["reason"]) for row in rejected(out)] == [("thing1.png", "taken out by hand")]
    cv2.imwrite(str(pictures / "thing2.png"), retouched[:32])
    assert main(arguments) == 3
    assert "changed by hand and is 64x32" in capsys.readouterr().err


def test_things_without_faces_are_cut_and_adjusted_as_the_recipe_says(tmp_path, capsys):
    wide = np.zeros((64, 128, 3), np.uint8)
    wide[:, 32:96] = 100
    wide[:, 64:96] = 150
    Image.fromarray(wide).save(tmp_path / "wide.1.png")
    Image.fromarray(wide[:20, :20]).save(tmp_path / "wide.2.png")
    recipe = tmp_path / "recipe.json"
    recipe.write_text('{"format": 1, "steps": [{"step": "levels"}]}')
    out = tmp_path / "centre"
    base = ["dataset", "pictures", str(tmp_path / "wide.#.png"), "--size", "64", "--recipe", str(recipe)]
    assert main([*base, "--out", str(out)]) == 0
    assert (cv2.imread(str(out / "pictures" / "wide.1.png"))[30, :, 0] == [0] * 32 + [255] * 32).all()
    assert "1 kept, 1 too small" in capsys.readouterr().out
    assert rejected(out)[0]["detail"] == "20 pixels, would be enlarged 3.2 times"
    stretched = tmp_path / "stretched"
    assert main([*base, "--crop", "stretch", "--out", str(stretched)]) == 0
    row = cv2.imread(str(stretched / "pictures" / "wide.1.png"))[30, :, 0]
    assert (row[[2, 24, 40, 60]] == [0, 170, 255, 0]).all()


def test_pixels_that_are_not_square_are_made_so(tmp_path, capsys):
    clip = clip_file(tmp_path / "dv.mp4", [drawn(n, (96, 64)) for n in range(2)], Fraction(2))
    assert main(["dataset", "pictures", str(clip), "--out", str(tmp_path / "o"), "--size", "64", "--every", "1"]) == 0
    assert read_dataset(tmp_path / "o").pictures[0].quad == (16, 0, 16, 96, 112, 96, 112, 0)
    assert "its pixels are 2 times as wide as high; made square" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["http://example.com/a.mp4"], "addresses of the network are not read"),
        (["nothing.mp4"], "there is no such file"),
        (["nothing"], "nothing"),
        (["empty"], "there is no picture and no clip in this folder"),
        (["broken.mp4"], "broken.mp4"),
        (["cut_off.jpg"], "stops before its end marker"),
        (["a.png", "--score", "0.3"], "--score is 0.3"),
        (["a.png", "--percent", "5"], "--percent is 5"),
        (["a.png", "--people", "one"], '"one" is no range'),
        (["a.png", "--people", "4"], "there is no person 4. There is no face at all"),
        (["a.png", "--recipe", "a.json"], '"steps[0]" is "sharpen"'),
        (["a.png", "--recipe", "b.json"], "resizes twice"),
    ],
)
def test_what_cannot_be_is_refused_in_words(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("broken.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + b"\x01" * 400)
    Path("cut_off.jpg").write_bytes(ASTRONAUT.read_bytes()[:9000])
    Image.fromarray(drawn(0)).save("a.png")
    Path("a.json").write_text('{"format": 1, "steps": [{"step": "sharpen"}]}')
    Path("b.json").write_text('{"format": 1, "steps": [{"step": "resize"}, {"step": "resize"}]}')
    assert faces(*arguments, "--out", "out") in (2, 3)
    told = capsys.readouterr().err
    assert words in told and "Traceback" not in told


def test_a_folder_with_other_things_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert faces(ASTRONAUT, "--out", tmp_path) == 3
    assert "this is no folder of a dataset" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_nobody_at_all_is_no_failure(tmp_path, capsys):
    Image.fromarray(drawn(1)).save(tmp_path / "a.png")
    assert faces(tmp_path / "a.png", "--out", tmp_path / "out", "--json") == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "done" and last["pictures"] == 0 and last["sources"][0]["rejected"] == {"no face": 1}
