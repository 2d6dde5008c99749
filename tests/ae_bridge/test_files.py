"""Drop folder, installer, bundles, split EXR: files on a real disk."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from deliveries import exr

import semrender
from ae_bridge import build, inbox, install
from ae_bridge.split import cryptomattes, split
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
    folders = [tmp_path / str(n) for n in range(12)]
    for folder in folders:
        delivered(folder)
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(inbox.drop, folders))
    assert len(index()) == 12


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


@pytest.mark.parametrize("entry", [build.PANEL, build.HEADLESS])
def test_a_bundle_is_one_ascii_script_with_each_part_once(entry: Path) -> None:
    text = build.bundle(entry)
    assert text.isascii() and "@include" not in text and text == build.bundle(entry)
    parts = re.findall(r"^SemrenderAE\.(\w+) = \(function", text, re.MULTILINE)
    assert len(parts) == len(set(parts)) and "core" in parts


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
    with pytest.raises(InputRefused, match="cannot be read"):
        split(tmp_path / "a.exr", tmp_path / "out")
    exr(tmp_path / "b.exr")
    assert [path.name for path in split(tmp_path / "b.exr", tmp_path / "out")] == ["b_beauty.exr"]
