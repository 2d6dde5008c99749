"""Models of RunwayML as tests have them: a folder with a runway_model.py, added in this process, its code allowed."""

import sys
from pathlib import Path

import numpy as np

from inference_server.models.base import PaintInput, load_model
from inference_server.models.runway import adding, carding, permission
from inference_server.models.runway.host import Running

HEAD = """
import os, sys, time
import runway
from runway.data_types import *
import numpy as np
from PIL import Image
"""
PLAIN = """
@runway.command("make", inputs={{"image": runway.image}}, outputs={{"output": image}})
def make(model, inputs):
    pixels = np.array(inputs["image"])
{body}
runway.run()
"""


def write(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "runway_model.py").write_text(HEAD + text)
    return folder


def plain(folder, body):
    """A model of one picture; `body` returns, given `pixels`."""
    return write(folder, PLAIN.format(body="\n".join("    " + line for line in body.splitlines())))


def add(folder, remembers=0, seconds=20.0, memory=2**31, given=None, **chosen):
    """(card, what came of trying it)."""
    seen = adding.look(folder, given=given)
    running = Running(python=Path(sys.executable), seconds=seconds, memory=memory, confined=seen.confined)
    permission.allow(seen.hash, False, folder.name)
    about = carding.Chosen(name=folder.name, file="runway_model.py", remembers=remembers, given=given or {}, **chosen)
    return adding.add(seen, about, running, None, replace_=True)


def frame(picture, card, seed=0, history=None, **more):
    """A frame as the worker gives it to a model."""
    values = card.check_options(more.pop("options", {}))
    shape = picture.shape[:2]
    channels = more.pop("channels", np.zeros(shape, np.uint16))
    taken = picture if card.inputs.picture else None
    coverage = np.ones(shape, np.float32)
    return PaintInput(channels, picture=taken, coverage=coverage, seed=seed, options=values, history=history, **more)


class Shown:
    """The frames before one, as `base.History` says."""

    def __init__(self, requests, marks):
        self.requests, self.marks = requests, marks

    def frame(self, place):
        return self.requests[place]


def painter(card):
    """The loaded model; its process ends with it."""
    return load_model(card)
