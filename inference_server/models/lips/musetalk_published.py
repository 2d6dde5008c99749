"""From the folder of weights that MuseTalk's authors tell people to make, to a model folder.

`musetalkV15/unet.pth` and `musetalk.json` (or those of 1.0 in `musetalk/`), `sd-vae/` and `whisper/`. What else lies
there is for programs that look for faces, which ours does itself. Nothing is read but tensors and numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from inference_server.models import cards, install
from inference_server.models.lips.latents import renamed
from inference_server.models.lips.musetalk import MuseTalk
from inference_server.models.lips.published import WEIGHTS, card_of
from inference_server.models.tensors import read_tensors
from shared import places
from shared.errors import MissingInput, ModelRefused

LICENCE = (
    "MIT for the code; the authors give the weights for any purpose, also commercial. Beside them: sd-vae-ft-mse (MIT) "
    "and whisper-tiny (Apache-2.0)"
)
CREDIT = "MuseTalk by Zhang et al. (arXiv 2410.10122), sd-vae-ft-mse by Stability AI, Whisper by OpenAI"
UNETS = ("musetalkV15/unet.pth", "musetalk/pytorch_model.bin")
VAES = ("sd-vae", "sd-vae-ft-mse")
OF_VAE = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
OF_WHISPER = ("model.safetensors", "pytorch_model.bin")
LARGEST = 2**20  # bytes of a configuration


def looks_like(folder: Path) -> bool:
    """Whether a folder is one of MuseTalk's weights."""
    return any((folder / file).is_file() for file in UNETS)


def add_musetalk(folder: Path, name: str, licence: str | None = None, replace: bool = False) -> cards.Card:
    """Add MuseTalk to the user's models. Raises ModelRefused in words, MissingInput with the part that is not there."""
    install.check_name(name, replace)
    of_unet = _one(folder, UNETS)
    vae = _one(folder, [f"{place}/{file}" for place in VAES for file in OF_VAE])
    hears = _one(folder, [f"whisper/{file}" for file in OF_WHISPER])
    config = {
        "network": "musetalk",
        "unet": _configuration(of_unet.parent / "musetalk.json"),
        "vae": _configuration(vae.parent / "config.json"),
        "whisper": _configuration(hears.parent / "config.json"),
    }
    state = {f"unet.{key}": tensor for key, tensor in _tensors(of_unet).items()}
    state |= {f"vae.{key}": tensor for key, tensor in renamed(_tensors(vae)).items()}
    state |= {f"whisper.{key}": tensor for key, tensor in _listening(_tensors(hears)).items()}
    MuseTalk(config, state, str(folder), "cpu")  # every weight has its place
    with install.placing(name, replace) as beside:
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, beside / WEIGHTS)
        with (beside / WEIGHTS).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        card = card_of(name, digest, of_unet.relative_to(folder).as_posix(), licence or LICENCE)
        card |= {"title": "MuseTalk: a mouth follows a sound", "credit": CREDIT, "config": config}
        (beside / "card.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
    return cards.load_card(places.models_folder() / name)


def _one(folder: Path, files: tuple[str, ...] | list[str]) -> Path:
    for file in files:
        if (folder / file).is_file():
            return folder / file
    raise MissingInput(
        "a part of MuseTalk is not there",
        file=folder / files[0],
        remedy="Put the weights as MuseTalk's README says: musetalkV15, sd-vae and whisper in one folder",
    )


def _configuration(file: Path) -> dict[str, Any]:
    """The numbers, words and lists of a configuration, which is all that is asked for."""
    try:
        if not file.is_file():  # a pipe would be waited for
            raise FileNotFoundError
        if file.stat().st_size > LARGEST:
            raise ValueError("It is far too long")
        config = json.loads(file.read_text("utf-8"))
        if not isinstance(config, dict):
            raise ValueError("It is no table")
    except OSError as error:
        raise MissingInput("a configuration is not there", file=file, remedy="It lies beside the weights") from error
    except (ValueError, RecursionError) as error:
        raise ModelRefused("a configuration cannot be read", file=file, cause=str(error)) from error
    return {key: value for key, value in config.items() if isinstance(value, (int, float, str, list))}


def _tensors(file: Path) -> Mapping[str, Tensor]:
    if file.suffix != ".safetensors":
        return read_tensors(file, remedy="Download it again, as MuseTalk's README says")
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        raise ModelRefused("this is no safetensors file", file=file, cause=str(error)) from error


def _listening(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's part: the decoder writes words, which nobody reads here."""
    names = {key: key.removeprefix("model.") for key in state}
    return {name.removeprefix("encoder."): state[key] for key, name in names.items() if name.startswith("encoder.")}
