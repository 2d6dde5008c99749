"""Half-size pictures of a delivery, for the proxies of its footage: `jsx/src/proxies.jsx` switches them on.

They lie in the folder `proxy` of the delivery, under the same names; a file beside them says of which delivery they
are, so that those of another painting in the same place are not taken for them. Stills, sounds and Cryptomatte have
none, nor have values of which half would be others (labels, depth ...); mattes have.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.delivery import DeliveryLayer, read_delivery
from shared.delivery_check import validate
from shared.errors import InputRefused, SemrenderError
from shared.footage import frame_path

FOLDER = "proxy"
OF = "of_"  # begins the name of the file that says of which delivery they are; jsx/src/proxies.jsx asks for it


def make_proxies(delivery_path: Path) -> list[Path]:
    """Write what is missing or older than its picture; returns the folders, one a sequence.

    Raises InputRefused where the delivery is damaged or a picture cannot be read, SemrenderError where none can be
    written.
    """
    delivery = read_delivery(Path(delivery_path))
    folder = (delivery_path if delivery_path.is_dir() else delivery_path.parent).absolute()
    validate(delivery, folder)
    files = [file for layer in delivery.layers if _has_proxy(layer) for file in _frames(layer)]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for _ in pool.map(lambda file: _make(folder / file, folder / FOLDER / file), files):
            pass
    if files:
        _say_of(folder / FOLDER, delivery.delivery_id)
    return sorted({(folder / FOLDER / file).parent for file in files})


def _has_proxy(layer: DeliveryLayer) -> bool:
    return layer.footage.sequence and layer.role != "cryptomatte" and (layer.role == "matte" or not layer.footage.data)


def _frames(layer: DeliveryLayer) -> list[str]:
    """The files of a sequence, relative to the delivery."""
    return [frame_path(layer.footage, number) for number in range(layer.footage.first, layer.footage.last + 1)]


def _say_of(proxies: Path, delivery_id: str) -> None:
    """When all are there: half of them would be a shorter sequence."""
    said = proxies / (OF + re.sub(r"[^A-Za-z0-9_.-]", "_", delivery_id))
    try:
        for before in proxies.glob(f"{OF}*"):
            if before != said:
                before.unlink()
        said.touch()
    except OSError as error:
        raise _unwritten(said, error) from error


def _unwritten(file: Path, error: OSError) -> SemrenderError:
    return SemrenderError(
        "a half-size picture could not be written", file=file, cause=error.strerror or str(error),
        remedy="Free space or allow writing",
    )  # fmt: skip


def _make(file: Path, proxy: Path) -> None:
    try:
        if proxy.is_file() and proxy.stat().st_mtime >= file.stat().st_mtime:
            return
        proxy.parent.mkdir(parents=True, exist_ok=True)
        beside = proxy.with_name(f".{proxy.name}.{os.getpid()}{proxy.suffix}")
        (_half_exr if file.suffix.lower() == ".exr" else _half_png)(file, beside)
        os.replace(beside, proxy)
    except OSError as error:
        raise _unwritten(proxy, error) from error


def _half_png(file: Path, proxy: Path) -> None:
    import cv2

    picture = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise InputRefused("the picture cannot be read", file=file, remedy="Deliver it again")
    top = 65535.0 if picture.dtype == np.uint16 else 255.0
    made: NDArray[Any] = picture.astype(np.float32)
    if picture.ndim == 3 and picture.shape[2] == 4:  # straight alpha: what is transparent has no say in the colour
        alpha = made[..., 3:] / top
        small = half(np.concatenate([made[..., :3] * alpha, made[..., 3:]], 2))
        cover = np.maximum(small[..., 3:] / top, 1e-6)
        made = np.concatenate([small[..., :3] / cover, small[..., 3:]], 2)
    else:
        made = half(made)
    whole = np.clip(np.rint(made), 0, top).astype(picture.dtype)
    if not cv2.imwrite(str(proxy), whole, [cv2.IMWRITE_PNG_COMPRESSION, 1]):
        raise OSError(f"{proxy} could not be written")


def _half_exr(file: Path, proxy: Path) -> None:
    """Premultiplied, so that a mean is a mean."""
    import OpenEXR

    with OpenEXR.File(str(file), separate_channels=True) as source:
        channels = {
            name: half(one.pixels.astype(np.float32)).astype(np.float16) for name, one in source.channels().items()
        }
    header = {"type": OpenEXR.scanlineimage, "compression": OpenEXR.ZIP_COMPRESSION}
    OpenEXR.File(header, channels).write(str(proxy))


def half(picture: NDArray[Any]) -> NDArray[Any]:
    """(h, w[, c]) float to half of both, rounded up: each pixel is the mean of what it covers."""
    import cv2

    height, width = picture.shape[:2]
    small: NDArray[Any] = cv2.resize(picture, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA)
    return small
