"""Half-size pictures of a delivery, where the panel looks for them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
from deliveries import deliver, layer, shot

from ae_bridge.proxies import half, make_proxies
from semrender import main
from shared.errors import InputRefused

FRAMES = range(1001, 1003)


def test_each_sequence_has_half_size_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    painted, labels = layer(tmp_path, "train", FRAMES), layer(tmp_path, "ids", FRAMES, role="labels")
    labels = replace(labels, footage=replace(labels.footage, data=True))
    still = layer(tmp_path, "plate", FRAMES, footage={"sequence": False, "path": "plate.png"})
    exr = {"path": "exr/sky.1001.exr", "alpha": "PREMULTIPLIED", "color": "scene_linear_rec709"}
    sky = layer(tmp_path, "sky", FRAMES, footage=exr)
    file = tmp_path / painted.footage.path
    picture = np.zeros((*cv2.imread(str(file)).shape[:2], 4), np.uint8)
    picture[..., :] = (250, 0, 90, 0)
    picture[:, 0] = (10, 200, 30, 255)  # one column of two is covered
    cv2.imwrite(str(file), picture)
    values = np.arange(picture.shape[0] * picture.shape[1], dtype=np.float32).reshape(picture.shape[:2])
    for frame in FRAMES:
        OpenEXR.File({"type": OpenEXR.scanlineimage}, dict.fromkeys("RGBA", values)).write(
            str(tmp_path / f"exr/sky.{frame}.exr")
        )
    path = deliver(tmp_path, shot(FRAMES), painted, labels, still, sky)
    assert main(["ae", "proxies", str(path)]) == 0
    made = sorted(one.relative_to(tmp_path / "proxy").as_posix() for one in (tmp_path / "proxy").rglob("*.*"))
    of = painted.footage.path.removesuffix("1001.png")
    assert made == ["exr/sky.1001.exr", "exr/sky.1002.exr", f"{of}1001.png", f"{of}1002.png"]
    assert (tmp_path / "proxy/of_id").is_file()
    assert str(tmp_path / "proxy" / "exr") in capsys.readouterr().out
    small = cv2.imread(str(tmp_path / "proxy" / painted.footage.path), cv2.IMREAD_UNCHANGED)
    assert small.shape == ((picture.shape[0] + 1) // 2, (picture.shape[1] + 1) // 2, 4)
    assert (small[:, 0] == (10, 200, 30, 128)).all(), "what is transparent has no say in the colour"
    with OpenEXR.File(str(tmp_path / "proxy/exr/sky.1001.exr"), separate_channels=True) as found:
        assert np.allclose(found.channels()["R"].pixels, half(values), rtol=1e-3)

    one = tmp_path / "proxy" / painted.footage.path
    os.utime(one, (2e9, 2e9))
    make_proxies(tmp_path)
    assert one.stat().st_mtime == 2e9, "what is newer than its picture stays"
    deliver(tmp_path, shot(FRAMES), painted, labels, still, sky, delivery_id="2026/again")
    make_proxies(tmp_path)
    assert [file.name for file in (tmp_path / "proxy").glob("of_*")] == ["of_2026_again"], "of this painting"
    one.unlink()
    file.write_bytes(b"no picture")
    with pytest.raises(InputRefused, match="cannot be read"):
        make_proxies(tmp_path)
