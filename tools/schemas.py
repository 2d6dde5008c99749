"""Write the JSON Schemas of all documents into the package: `python tools/schemas.py`. A test says when it is due."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from inference_server.datasets.document import Dataset  # noqa: E402
from inference_server.datasets.recipe import Recipe  # noqa: E402
from inference_server.models.cards import Card  # noqa: E402
from inference_server.motion.document import Normalised  # noqa: E402
from inference_server.motion.template import Template  # noqa: E402
from shared import schema  # noqa: E402
from shared.delivery import Delivery  # noqa: E402
from shared.label_set import LabelSet  # noqa: E402
from shared.names import NAMES  # noqa: E402
from shared.poses import Poses  # noqa: E402
from shared.shot import Shot  # noqa: E402
from shared.tracks import Tracks  # noqa: E402

FOLDER = ROOT / "shared" / "schemas"


def schemas() -> dict[str, dict[str, Any]]:
    """Document -> its JSON Schema."""
    classes = {
        "shot": Shot,
        "delivery": Delivery,
        "card": Card,
        "label_set": LabelSet,
        "tracks": Tracks,
        "poses": Poses,
        "dataset": Dataset,
        "recipe": Recipe,
        "normalised": Normalised,
        "template": Template,
    }
    found = {name: schema.json_schema(cls) for name, cls in classes.items()}
    title = "table of names: a name or pattern of a Cryptomatte -> its class"
    return {**found, "names": {"$schema": schema.DIALECT, "title": title, **NAMES.schema()}}


def text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in schemas().items():
        (FOLDER / f"{name}.schema.json").write_text(text(content), encoding="utf-8")
