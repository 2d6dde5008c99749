"""What Maya does with a Python file that is dropped on a viewport, as public code describes it for 2022 to 2026.

The folder comes first on the path, the file is imported by its bare name (and stays imported), and whatever is first on
the path afterwards is taken away, without a look at what it is.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any


def executeDroppedPythonFile(droppedFile: str, obj: Any) -> None:
    sys.path.insert(0, os.path.dirname(droppedFile))
    module = importlib.import_module(os.path.splitext(os.path.basename(droppedFile))[0])
    if hasattr(module, "onMayaDroppedPythonFile"):
        module.onMayaDroppedPythonFile(obj)
    sys.path.pop(0)
