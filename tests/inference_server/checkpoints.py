"""Checkpoints of others, and how they are added."""

import torch

from inference_server.models.checkpoint import add_checkpoint
from shared import places
from tests.inference_server.published import Kind, own_label_set, published_state

SMALL = {"ngf": 1, "hidden": 2}
PUBLISHED = {
    "coco_stuff": Kind(inputs=184, **SMALL),
    "ade20k": Kind(inputs=151, edges=False, **SMALL),
    "cityscapes": Kind(inputs=36, layers="more", **SMALL),
}


def saved(folder, state=None, name="latest_net_G.pth"):
    path = folder / name
    torch.save(published_state(Kind(**SMALL)) if state is None else state, path)
    return path


def add_toys(path, name="mine", **changes):
    own_label_set()
    return add_checkpoint(path, name, "toys", **{"size": (96, 64), **changes})


def add_published(label_set, folder):
    return add_checkpoint(saved(folder, published_state(PUBLISHED[label_set])), f"my-{label_set}", label_set)


def nothing_was_added():
    folder = places.models_folder()
    return not folder.exists() or not [f for f in folder.iterdir() if not f.name.startswith(".")]


def changed(**keys):
    """A sound state with some keys replaced; None takes a key away."""
    state = {**published_state(Kind(**SMALL)), **keys}
    return {key: tensor for key, tensor in state.items() if tensor is not None}
