"""Ask a real Maya what the plug-in believes of it; two minutes, and nothing of yours is touched.

    mayapy tools/maya_probe.py            in a terminal (Hardware 2.0 needs a graphics card)
    import runpy; runpy.run_path(".../tools/maya_probe.py", run_name="__main__")   in the Script Editor

Writes maya_probe_<version>.json beside this file's repository: every belief with what Maya did, the attributes of the
nodes that are set, and the flags of the commands that are used. Send it to whoever carries this on.
"""

from __future__ import annotations

import json
import re
import sys
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NODES = (
    "hardwareRenderingGlobals",
    "defaultRenderGlobals",
    "defaultResolution",
    "defaultColorMgtGlobals",
    "defaultArnoldRenderOptions",
    "defaultArnoldDriver",
    "defaultArnoldFilter",
    "perspShape",
)


def run() -> dict[str, Any]:
    """The report: {"maya", "beliefs": {name: "holds" or the failure}, "attributes", "commands"}."""
    from maya import cmds

    from tests.contract import maya as contract

    beliefs = {}
    for one in contract.CHECKS:
        contract.new_scene()
        try:
            one()
            beliefs[one.__name__] = "holds"
        except Exception:
            beliefs[one.__name__] = traceback.format_exc(limit=-3)
    contract.new_scene()
    stub = (ROOT / "typings" / "maya" / "cmds.pyi").read_text(encoding="utf-8")
    attributes = {node: cmds.listAttr(node) for node in NODES if hasattr(cmds, "listAttr") and cmds.objExists(node)}
    ask = getattr(cmds, "help", None)
    commands = {
        name: ask(name, language="python") for name in sorted(set(re.findall(r"^def (\w+)", stub, re.M))) if ask
    }
    return {
        "maya": cmds.about(version=True),
        "python": sys.version,
        "beliefs": beliefs,
        "attributes": attributes,
        "commands": commands,
    }


def main() -> int:
    sys.path[:0] = [str(ROOT)]
    if "maya.cmds" not in sys.modules:
        import maya.standalone

        maya.standalone.initialize(name="python")
    report = run()
    file = ROOT / f"maya_probe_{report['maya']}.json"
    file.write_text(json.dumps(report, indent=1), encoding="utf-8")
    failed = [name for name, outcome in report["beliefs"].items() if outcome != "holds"]
    print(f"{len(report['beliefs']) - len(failed)} beliefs hold, {len(failed)} do not: {', '.join(failed) or 'none'}")
    print(f"The report is {file}")
    return 1 if failed else 0


if __name__ == "__main__":
    main()
