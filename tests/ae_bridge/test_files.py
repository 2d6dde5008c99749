"""Drop folder, installer, bundles, split EXR: files on a real disk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from deliveries import exr

import semrender
from ae_bridge import build, inbox, install, starter
from ae_bridge.split import split
from shared.delivery import Delivery, DeliveryShot, write_delivery
from shared.errors import InputRefused, MissingInput


def delivered(folder: Path, version: int = 1, created: str = "2026-11-23T05:00:00Z") -> Path:
    shot = DeliveryShot("sh", "SH", 64, 36, 24.0, 24, 1, 1, 4, 4, version=version)
    folder.mkdir(parents=True, exist_ok=True)
    return write_delivery(Delivery(f"id{version}", created, "test", shot, ()), folder)


def index() -> list[dict[str, object]]:
    data = json.loads((inbox.inbox_folder() / "index.json").read_text("utf-8"))
    assert data["schema_version"] == 1
    return list(data["entries"])


def test_a_drop_is_absolute_newest_first_and_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    delivered(tmp_path / "a", 1, "2026-01-01")
    delivered(tmp_path / "b \u00fc%20", 2, "2026-01-02")
    for folder in ("a", "b \u00fc%20", "a"):
        inbox.drop(Path(folder))
    assert [entry["folder"] for entry in index()] == [(tmp_path / n).as_posix() for n in ("b \u00fc%20", "a")]
    (tmp_path / "a" / "delivery.json").unlink()
    inbox.write_index()
    assert [entry["version"] for entry in index()] == [2]


def test_many_who_drop_at_once_lose_nothing(tmp_path: Path) -> None:
    inbox.watch(tmp_path)
    folders = [tmp_path / str(n) for n in range(12)]
    for folder in folders:
        delivered(folder)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(inbox.drop, [*folders, *folders]))
    assert len(index()) == 12
    assert {entry["folder"] for entry in shared_index(tmp_path)} == {str(n) for n in range(12)}


def shared_index(folder: Path) -> list[dict[str, object]]:
    return list(json.loads((folder / "semrender_index.json").read_text("utf-8"))["entries"])


def test_whoever_paints_beneath_a_shared_folder_adds_to_its_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, show = tmp_path / "studio", tmp_path / "studio" / "show"
    delivered(show / "sq010" / "sh010" / "v001", 1, "2026-01-01")
    delivered(tmp_path / "elsewhere")
    for folder in (studio, show):
        assert semrender.main(["ae", "watch", str(folder)]) == 0
    monkeypatch.setenv("SEMRENDER_HOME", str(tmp_path / "a colleague's"))  # who watches nothing
    for folder in (show / "sq010" / "sh010" / "v001", tmp_path / "elsewhere"):
        inbox.drop(folder)
    (entry,) = shared_index(show)
    assert entry["folder"] == "sq010/sh010/v001" and entry["by"] == inbox.places.user()
    assert [entry["folder"] for entry in shared_index(studio)] == ["show/sq010/sh010/v001"]
    (studio / inbox.SHARED).unlink()  # somebody tidies up
    inbox.drop(show / "sq010" / "sh010" / "v001")
    assert [entry["folder"] for entry in shared_index(studio)] == ["show/sq010/sh010/v001"]
    assert len(index()) == 2 and inbox.watched() == []
    # The same share under another name, as other systems mount it.
    show.rename(tmp_path / "P")
    (seen,) = inbox.entries(inbox.list_of(tmp_path / "P"))
    assert seen["folder"] == (tmp_path / "P/sq010/sh010/v001").as_posix()


def test_a_delivery_painted_again_is_listed_once_and_one_whose_disk_is_gone_comes_back(tmp_path: Path) -> None:
    for version in (1, 2):
        inbox.drop(delivered(tmp_path / "disk" / "a", version, "2026-01-01"))  # both within a second
    assert [entry["version"] for entry in index()] == [2]
    (tmp_path / "disk").rename(tmp_path / "away")
    inbox.drop(delivered(tmp_path / "b", 1, "2026-01-02"))
    assert [Path(str(entry["folder"])).name for entry in index()] == ["b"]
    (tmp_path / "away").rename(tmp_path / "disk")
    inbox.write_index()
    assert [Path(str(entry["folder"])).name for entry in index()] == ["b", "a"]
    assert len(list(inbox.inbox_folder().glob("entry-*"))) == 2


def test_the_oldest_leave_the_list_and_the_names_of_before_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MOST", 3)
    for day in range(1, 6):
        inbox.drop(delivered(tmp_path / str(day), 1, f"2026-01-0{day}"))
    newest = inbox.inbox_folder() / inbox._name(index()[0])
    newest.rename(newest.with_name(f"{newest.name.rpartition('-')[0]}.json"))  # as an earlier version named it
    inbox.write_index()
    assert [Path(str(entry["folder"])).name for entry in index()] == ["5", "4", "3"]
    assert len(list(inbox.inbox_folder().glob("entry-*"))) == 3
    inbox.drop(tmp_path / "5")
    assert newest.is_file() and len(list(inbox.inbox_folder().glob("entry-*"))) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="modes are of POSIX")
def test_a_shared_list_is_as_open_as_its_folder_and_our_own_is_ours(tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)
    inbox.watch(tmp_path)
    inbox.drop(delivered(tmp_path / "a"))
    modes = {path.name: path.stat().st_mode & 0o7777 for path in (tmp_path / inbox.ENTRIES, tmp_path / inbox.SHARED)}
    assert modes[inbox.ENTRIES] == 0o2775 and modes[inbox.SHARED] & 0o044
    assert (inbox.inbox_folder() / "index.json").stat().st_mode & 0o077 == 0


def test_a_shared_folder_that_cannot_be_written_is_a_word_and_the_other_lists_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inbox.watch(tmp_path)
    (tmp_path / inbox.ENTRIES).rmdir()
    (tmp_path / inbox.ENTRIES).write_text("in the way")
    delivery = delivered(tmp_path / "a")
    assert "semrender_index.json" in inbox.announce(delivery)[0] and len(index()) == 1
    assert semrender.main(["ae", "drop", str(delivery)]) == 1
    assert "could not be told" in capsys.readouterr().err


def test_windows_renames_over_an_index_when_its_reader_has_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, held = inbox.places.write_json, [3]

    def refused_while_read(file: Path, *more: object) -> None:
        if file.name == "index.json" and held[0]:
            held[0] -= 1
            raise PermissionError(13, "the file is open in After Effects")
        write(file, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(inbox.places, "write_json", refused_while_read)
    monkeypatch.setattr(inbox.time, "sleep", lambda _: None)
    monkeypatch.setattr(inbox, "WINDOWS", True)
    inbox.drop(delivered(tmp_path / "a"))
    monkeypatch.undo()
    assert held == [0]


def test_watched_folders_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        assert semrender.main(["ae", "watch", str(tmp_path / name)]) == 0
    assert semrender.main(["ae", "unwatch", str(tmp_path / "a")]) == 0
    capsys.readouterr()
    assert semrender.main(["ae", "watch"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "b")
    assert json.loads(inbox.watched_file().read_text()) == {"folders": [(tmp_path / "b").as_posix()]}
    assert semrender.main(["ae", "unwatch", str(tmp_path / "a")]) == 3
    assert semrender.main(["ae", "watch", str(tmp_path / "none")]) == 3
    assert (tmp_path / "a" / inbox.SHARED).is_file(), "others may watch it"


def test_install_finds_every_version_since_23(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("22.6", "23.0", "26.0", "Logs"):
        (tmp_path / name).mkdir()
    assert [folder.parts[-3] for folder in install.panel_folders(tmp_path)] == ["23.0", "26.0"]
    monkeypatch.setattr(install, "_settings", lambda: tmp_path)
    made = install.install()
    assert len(made) == 2 and install.install() == made
    assert install.uninstall() == made and install.uninstall() == []
    monkeypatch.setattr(install, "_settings", lambda: tmp_path / "none")
    with pytest.raises(MissingInput, match="Start After Effects once"):
        install.install()


def test_the_command_installs_into_a_folder(tmp_path: Path) -> None:
    assert semrender.main(["ae", "install", "--to", str(tmp_path / "p")]) == 0
    assert (tmp_path / "p" / install.NAME).is_file()
    assert semrender.main(["ae", "uninstall", "--to", str(tmp_path / "p")]) == 0
    assert list((tmp_path / "p").iterdir()) == []


def test_a_beta_has_a_folder_of_its_own(tmp_path: Path) -> None:
    for name in ("After Effects/25.6", "After Effects (Beta)/26.5"):
        (tmp_path / name).mkdir(parents=True)
    folders = install.panel_folders(tmp_path / "After Effects")
    assert [folder.relative_to(tmp_path).parts[:2] for folder in folders] == [
        ("After Effects", "25.6"),
        ("After Effects (Beta)", "26.5"),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="the shell runs it")
def test_what_starts_the_server_can_be_run_and_names_odd_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "J\u00f6rg's 100% $HOME" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    semrender.main(["ae", "install", "--to", str(tmp_path / "panels")])
    file = starter.starter_file()
    assert file.name == "start_server.command" and file.stat().st_mode & 0o111 == 0o111
    assert subprocess.run([file], capture_output=True, text=True).stdout.strip() == "-P -m semrender serve"


def test_cmd_reads_the_starter_as_it_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "C:\\J\u00f6rg 100%\\python.exe")
    written = starter.write_starter(windows=True).read_bytes()
    lines = written.split(b"\r\n")
    assert lines[1] == b"chcp 65001 >nul" and not written.startswith(b"\xef\xbb\xbf")
    assert lines[2].decode("utf-8") == '"C:\\J\u00f6rg 100%%\\python.exe" -P -m semrender serve'


@pytest.mark.parametrize("entry", [build.PANEL, build.HEADLESS])
def test_a_bundle_is_one_ascii_script_with_each_part_once(entry: Path) -> None:
    text = build.bundle(entry)
    assert text.isascii() and "@include" not in text and text == build.bundle(entry)
    parts = re.findall(r"^SemrenderAE\.(\w+) = \(function", text, re.MULTILINE)
    assert len(parts) == len(set(parts)) and "core" in parts


def cryptomattes(header: dict[str, Any]) -> dict[str, str]:
    """Name -> key of the Cryptomattes that a header declares."""
    found = {name: re.fullmatch(r"cryptomatte/([^/]+)/name", name) for name in header}
    return {str(header[name]): match[1] for name, match in found.items() if match}


def test_a_multichannel_exr_becomes_one_sequence_a_pass(tmp_path: Path) -> None:
    ramp = np.linspace(0, 9, 12, dtype=np.float32).reshape(3, 4)
    key = "cryptomatte/ab12cd3"
    channels = {"R": ramp, "G": ramp + 1, "B": ramp + 2, "A": ramp, "depth.Z": ramp + 3}
    channels |= {f"N.{axis}": (ramp + n).astype(np.float16) for n, axis in enumerate("XYZ")}
    channels |= {f"mat0{rank}.{c}": ramp + 4 for rank in (0, 1) for c in "RGBA"}
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, "owner": "me"}
    header |= {f"{key}/name": "mat", f"{key}/hash": "MurmurHash3_32", f"{key}/manifest": '{"a":"00000001"}'}
    OpenEXR.File(header, channels).write(str(tmp_path / "sh.1001.exr"))

    made = {path.parent.name: path for path in split(tmp_path / "sh.1001.exr", tmp_path / "out")}
    assert {name: path.name for name, path in made.items()} == {
        name: f"sh_{name}.1001.exr" for name in ("beauty", "depth", "N", "mat")
    }
    read = {name: OpenEXR.File(str(path), separate_channels=True) for name, path in made.items()}
    assert np.array_equal(read["beauty"].channels()["G"].pixels, ramp + 1)
    assert np.array_equal(read["depth"].channels()["R"].pixels, ramp + 3)
    assert read["N"].channels()["B"].pixels.dtype == np.float16
    assert set(read["mat"].channels()) == {f"mat0{rank}.{c}" for rank in (0, 1) for c in "RGBA"}
    assert read["mat"].header()[f"{key}/manifest"] == '{"a":"00000001"}'
    assert read["beauty"].header()["owner"] == "me" and cryptomattes(read["beauty"].header()) == {}


def test_other_peoples_cryptomatte_keeps_its_metadata(tmp_path: Path, data_folder: Path) -> None:
    source = data_folder / "cryptomatte" / "multichannel.exr"
    before = cryptomattes(OpenEXR.File(str(source)).header())
    made = split(source, tmp_path)
    assert before
    for name, key in before.items():
        path = next(path for path in made if path.parent.name == name)
        header = OpenEXR.File(str(path), separate_channels=True).header()
        assert cryptomattes(header) == {name: key}


def test_what_is_no_exr_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"no")
    with pytest.raises(InputRefused, match="no OpenEXR"):
        split(tmp_path / "a.exr", tmp_path / "out")
    exr(tmp_path / "b.exr")
    assert [path.name for path in split(tmp_path / "b.exr", tmp_path / "out")] == ["b_beauty.exr"]


def passes(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Pass -> channel -> pixels of the one frame in each folder."""
    found = {}
    for path in folder.rglob("*.exr"):
        with OpenEXR.File(str(path), separate_channels=True) as file:
            found[path.parent.name] = {name: channel.pixels for name, channel in file.channels().items()}
    return found


RAMP = np.linspace(0, 9, 12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"": "RGBAZ"}, {"beauty": "RGBA", "Z": "Z"}),
        ({"": ["R", "G", "B", "A", "Z", "AO", "id"]}, {"beauty": "RGBA", "Z": "Z", "AO": ["AO"], "id": ["id"]}),
        ({"": ["R", "G", "B", "beauty.R", "beauty.G", "beauty.B"]}, {"beauty": "RGB", "beauty_2": "RGB"}),
        ({"": ["n.X", "n.Y", "n.Z", "N.X", "N.Y", "N.Z"]}, {"N": "XYZ", "n_2": "XYZ"}),
        ({"": ["R", "G", "B", "r", "g", "b"]}, {"beauty": "RGB", "r": "r", "g": "g", "b": "b"}),
        ({"": ["v.X", "v.Y", "v.Z", "v.W"]}, {"v": "XYZW"}),
        ({"": ["v.X", "v.U", "v.V"]}, {"v_X": "X", "v_U": "U", "v_V": "V"}),
        ({"": ["a/b.Z", "a_b.Z", "a b.Z"]}, {"a_b": "Z", "a_b_2": "Z", "a_b_3": "Z"}),
        ({"": ["Z"]}, {"Z": "Z"}),
        ({"left": ["label.R", "label.G", "label.B"], "right": ["label.R", "label.G", "label.B"]},
         {"left_label": "RGB", "right_label": "RGB"}),
        ({"rgba": "RGBA", "depth": "Z"}, {"rgba": "RGBA", "depth": "Z"}),
        ({"left": "RGBZ", "right": "RGBZ"}, {"left": "RGB", "right": "RGB", "left_Z": "Z", "right_Z": "Z"}),
    ],
)  # fmt: skip
def test_every_channel_of_a_file_is_in_a_pass(tmp_path: Path, parts: dict[str, Any], expected: dict[str, Any]) -> None:
    made, count = [], 0
    for part, names in parts.items():
        channels = {}
        for name in names:
            count += 1
            channels[name] = RAMP + count * 100
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        made.append(OpenEXR.Part(header, channels, part))
    OpenEXR.File(made).write(str(tmp_path / "sh.1001.exr"))
    assert semrender.main(["ae", "split", str(tmp_path / "sh.1001.exr"), "--out", str(tmp_path / "out")]) == 0
    found = passes(tmp_path / "out")
    assert set(found) == set(expected)
    written = [tuple(np.unique(values)) for channels in found.values() for values in channels.values()]
    for number in range(1, count + 1):
        assert tuple(np.unique(RAMP + number * 100)) in written, "a channel that is nowhere"
    assert all({"R", "G", "B"} <= set(channels) for channels in found.values()), "After Effects reads RGBA"


def test_a_pattern_that_the_shell_left_alone_names_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in (1, 2):
        exr(tmp_path / f"sh.{number}.exr")
    assert semrender.main(["ae", "split", str(tmp_path / "sh.*.exr"), "--out", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").rglob("*.exr"))) == 2
    assert semrender.main(["ae", "split", str(tmp_path / "no.*.exr"), "--out", str(tmp_path / "out")]) == 3
    assert "no.*.exr" in capsys.readouterr().err


def test_a_cryptomatte_in_several_parts_becomes_one_file(tmp_path: Path, data_folder: Path) -> None:
    source = data_folder / "reported" / "cryptomatte_a_part_per_rank"
    split(source / "crypto.1001.exr", tmp_path / "out")
    with OpenEXR.File(str(source / "right.exr"), separate_channels=True) as file:
        right = {name: channel.pixels for name, channel in file.channels().items() if name.startswith("crypto")}
        attributes = {name: value for name, value in file.header().items() if name.startswith("cryptomatte/")}
    made = passes(tmp_path / "out")["crypto_material"]
    assert set(made) == set(right) and len(made) == 12
    assert all((made[name].view(np.uint32) == right[name].view(np.uint32)).all() for name in right)
    header = OpenEXR.File(str(next((tmp_path / "out" / "crypto_material").iterdir()))).header()
    assert attributes and {name: header.get(name) for name in attributes} == attributes


def test_attributes_and_windows_stay_and_lossy_pixels_lose_no_more(tmp_path: Path) -> None:
    window = (np.array([-2, 1], np.int32), np.array([1, 3], np.int32))
    header = {
        "compression": OpenEXR.DWAA_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dataWindow": window,
        "displayWindow": (np.array([0, 0], np.int32), np.array([7, 7], np.int32)),
        "framesPerSecond": Fraction(24000, 1001),
        "pixelAspectRatio": 2.0,
        "owner": "Renee",
    }
    OpenEXR.File(header, dict.fromkeys(("R", "G", "B", "v.X", "v.Y"), RAMP)).write(str(tmp_path / "a.1.exr"))
    with OpenEXR.File(str(tmp_path / "a.1.exr"), separate_channels=True) as file:
        before = {name: channel.pixels for name, channel in file.channels().items()}
    for case, letter in (("utf8", b"Renee"), ("latin", b"Ren\xe9e")):
        (tmp_path / "a.1.exr").write_bytes((tmp_path / "a.1.exr").read_bytes().replace(b"Renee", letter))
        split(tmp_path / "a.1.exr", tmp_path / case)
        found = passes(tmp_path / case)
        assert (found["beauty"]["G"] == before["G"]).all() and (found["v"]["G"] == before["v.Y"]).all()
        made = OpenEXR.File(str(next((tmp_path / case / "v").iterdir()))).header()
        assert made["framesPerSecond"] == Fraction(24000, 1001) and made["pixelAspectRatio"] == 2
        assert made["owner"] == letter.decode("latin-1")
        assert [corner.tolist() for corner in made["dataWindow"]] == [corner.tolist() for corner in window]


def test_what_cannot_be_split_whole_is_not_split_at_all(tmp_path: Path) -> None:
    deep = np.empty((2, 2), object)
    for place in np.ndindex(2, 2):
        deep[place] = np.array([1.0], np.float32)
    OpenEXR.File({"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}, {"Z": deep}).write(
        str(tmp_path / "deep.1.exr")
    )
    with pytest.raises(InputRefused, match="deep"):
        split(tmp_path / "deep.1.exr", tmp_path / "out")
    exr(tmp_path / "cut.1.exr")
    (tmp_path / "cut.1.exr").write_bytes((tmp_path / "cut.1.exr").read_bytes()[:-9])
    with pytest.raises(InputRefused, match="incomplete"):
        split(tmp_path / "cut.1.exr", tmp_path / "out")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        exr(tmp_path / folder / "sh.1.exr")
    both = [str(tmp_path / folder / "sh.1.exr") for folder in ("a", "b")]
    assert semrender.main(["ae", "split", *both, "--out", str(tmp_path / "out")]) == 3
    assert not (tmp_path / "out").exists()
