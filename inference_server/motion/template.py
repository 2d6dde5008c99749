"""The template by which a clip is normalised: data, and a picture of it with guides to lay over what one films."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np

from inference_server.motion.drawing import LEFT, MIDDLE, RIGHT, Pixels, Points, Sheet
from shared import documents
from shared.file_names import FileName
from shared.kinds import Flag, ListOf, Number, OneOf, Whole
from shared.schema import About
from shared.values import Value

SHIPPED = Path(__file__).parent / "templates"
MAX_FILE = 2**16  # bytes
OF = ("person", "face")
OUTSIDE = ("replicate", "transparent")
FAINT = (110, 110, 110)


class Template(Value):
    """Where on a canvas a person or a face is brought to, how large, and how steadily."""

    about: ClassVar[About] = About(
        "template", header={"format": 1}, all_written=True, remedy="See docs/motion.md for a complete example"
    )

    name: Annotated[str, FileName()]
    of: Annotated[str, OneOf(*OF), "what is followed"]
    width: Annotated[int, Whole(16, 8192), "of the canvas, pixels"]
    height: Annotated[int, Whole(16, 8192), "of the canvas, pixels"]
    size: Annotated[float, Number(0.02, 4), "of the canvas's height that the body, or the face, takes"]
    centre: Annotated[
        tuple[float, ...], ListOf(Number(-1, 2), 2, 2), "of the canvas, 0 to 1: the middle of the hips, or of the face"
    ] = (0.5, 0.5)
    steady_centre: Annotated[float, Number(0, 10), "seconds: the deviation of the Gaussian that steadies the place"] = (
        0.085
    )
    steady_size: Annotated[float, Number(0, 10), "seconds: the same of the size, and of the turn"] = 0.25
    level: Annotated[bool, Flag(), "whether the canvas turns, so that whoever is in it is upright"] = False
    outside: Annotated[str, OneOf(*OUTSIDE), "what stands beyond the picture: its edge again, or nothing"] = "replicate"

    @property
    def point(self) -> tuple[float, float]:
        """The centre in pixels of the canvas."""
        return self.centre[0] * self.width, self.centre[1] * self.height


def read_template(name: str) -> Template:
    """A template file, or one that is shipped, by its name. Raises MissingInput or InputRefused naming the file."""
    shipped = SHIPPED / f"{name}.json"
    return documents.read(Template, shipped if name in OF else Path(name), "a template", MAX_FILE)


def guides(template: Template) -> Pixels:
    """(H, W, 4) uint8, straight alpha: the canvas with thirds, its centre, and who stands there as large as asked."""
    width, height = template.width, template.height
    sheet = Sheet(width, height)
    thick = max(1, round(height / 256))
    for part in (1 / 3, 2 / 3):
        sheet.line(np.array([[width * part, 0], [width * part, height]]), FAINT, thick)
        sheet.line(np.array([[0, height * part], [width, height * part]]), FAINT, thick)
    (x, y), high = template.point, template.size * height
    for edge in EDGES[template.of]:
        sheet.line(np.array([[0, y + high * edge], [width, y + high * edge]]), MIDDLE, thick)
    sheet.line(np.array([[0, y], [width, y]]), MIDDLE, thick)
    sheet.line(np.array([[x, 0], [x, height]]), MIDDLE, thick)
    for points, paired in SHAPES[template.of]:
        for side, colour in ((1, LEFT), (-1, RIGHT)) if paired else ((1, MIDDLE),):
            sheet.line(points * (side * high, high) + (x, y), colour, thick)
    return sheet.picture


def _oval(x: float, y: float, wide: float, high: float) -> Points:
    angles = np.linspace(0, 2 * np.pi, 65)
    return np.stack([x + wide * np.cos(angles), y + high * np.sin(angles)], 1)


# In heights of what is followed, from the centre: the edges above and below, and lines, with those that are there on
# both sides; x to the person's left, y down.
EDGES = {"person": (-0.49, 0.51), "face": (-0.5, 0.5)}
SHAPES: dict[str, list[tuple[Points, bool]]] = {
    "person": [
        (np.array([(0.0, -0.31), (0.10, -0.31), (0.13, -0.13), (0.14, 0.02)]), True),
        (np.array([(0.0, 0.0), (0.05, 0.0), (0.06, 0.24), (0.06, 0.48), (0.09, 0.51)]), True),
        (np.array([(0.0, 0.0), (0.0, -0.36)]), False),
        (_oval(0, -0.425, 0.06, 0.065), False),
    ],
    "face": [
        (_oval(0, 0, 0.37, 0.5), False),
        (_oval(0.17, -0.1, 0.06, 0.03), True),
        (np.array([(-0.13, 0.27), (0.13, 0.27)]), False),
    ],
}
