"""Needs a Maya with an empty scene: it asks that Maya what semrender's plug-in believes of it. Two minutes.

    mayapy tools/maya_probe.py            in a terminal (pictures need a graphics card)
    import runpy; runpy.run_path(".../tools/maya_probe.py", run_name="__main__")   in the Script Editor of an empty Maya

It works in new scenes of its own and refuses to begin while a scene is open that has a name or unsaved changes. Undo,
units, project and options are given back. It needs nothing but this repository's folder: no installation, no network.

Writes maya_probe_<version>.json into that folder (else into the home folder): every belief with what Maya did, answers
to questions, the attributes of the nodes that are set, the flags of the commands that are used. Paths are shortened, so
that no user's name is in it. Send it to whoever carries this on. Where Maya dies, the file says at which belief.
"""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
BUSY = "Maya did not come back from it"  # what the file says of the belief that is being asked


def refusal() -> str:
    """Why this Maya cannot be asked now, in words; "" where it can."""
    from maya import cmds

    name, modified = cmds.file(query=True, sceneName=True), cmds.file(query=True, modified=True)
    if not name and not modified:
        return ""
    what = f"{Path(name).name} is open" if name else "the scene has unsaved changes"
    return f"{what}, and the probe works in new scenes. Save your work, choose File > New Scene, and start it again."


@contextmanager
def given_back() -> Iterator[None]:
    """What beliefs may change beyond their scenes is afterwards as it was."""
    from maya import cmds

    undo = cmds.undoInfo(query=True, state=True)
    unit = cmds.currentUnit(query=True, time=True)
    project = cmds.workspace(query=True, rootDirectory=True)
    options = {name: cmds.optionVar(query=name) for name in _ours()}
    try:
        yield
    finally:
        cmds.file(newFile=True, force=True)
        cmds.undoInfo(stateWithoutFlush=undo)
        if cmds.currentUnit(query=True, time=True) != unit:
            cmds.currentUnit(time=unit)
        if cmds.workspace(query=True, rootDirectory=True) != project:
            cmds.workspace(project, openWorkspace=True)
        for name in _ours():
            cmds.optionVar(remove=name)
        for name, value in options.items():
            cmds.optionVar(**{"stringValue" if isinstance(value, str) else "intValue": (name, value)})


def _ours() -> list[str]:
    from maya import cmds

    return [name for name in cmds.optionVar(list=True) or [] if name.startswith("semrender")]


def run(tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The report: {"maya", "beliefs": {name: "holds" or the failure}, "answers", "attributes", "commands"}.

    tell: called with what is known so far, before each belief and at the end.
    """
    from maya import cmds

    from tests.contract import maya as contract

    report: dict[str, Any] = {"maya": cmds.about(version=True), "python": sys.version, "beliefs": {}, "answers": {}}
    for kind, asked in (("beliefs", contract.CHECKS), ("answers", contract.QUESTIONS)):
        for one in asked:
            report[kind][one.__name__] = BUSY
            tell(report)
            contract.new_scene()
            try:
                answer = one()
                report[kind][one.__name__] = answer if kind == "answers" else "holds"
            except Exception:
                report[kind][one.__name__] = shortened(traceback.format_exc(limit=-3))
    contract.new_scene()
    stub = (ROOT / "typings" / "maya" / "cmds.pyi").read_text(encoding="utf-8")
    ask = getattr(cmds, "help", None)
    report["attributes"] = {n: cmds.listAttr(n) for n in NODES if hasattr(cmds, "listAttr") and cmds.objExists(n)}
    report["commands"] = {
        n: ask(n, language="python") for n in sorted(set(re.findall(r"^def (\w+)", stub, re.M))) if ask
    }
    tell(report)
    return report


def shortened(text: str) -> str:
    """Without the folders that say who somebody is."""
    for folder in (ROOT, Path.home()):
        text = text.replace(str(folder), "…").replace(folder.as_posix(), "…")
    return text


def report_file(version: str) -> Path:
    """Where the report goes: the repository's folder, or the home folder where that cannot be written."""
    return (ROOT if os.access(ROOT, os.W_OK) else Path.home()) / f"maya_probe_{version}.json"


def main() -> int:
    """0 all beliefs hold, 1 some do not, 3 there is a scene that must not be lost."""
    sys.path[:0] = [str(ROOT)]
    own: Any | None = None
    if "maya.cmds" not in sys.modules:
        import maya.standalone as own

        own.initialize(name="python")
    from maya import cmds

    why = refusal()
    if why:
        print(f"The probe was not started: {why}")
        return _end(3, own)
    file = report_file(cmds.about(version=True))

    def tell(report: dict[str, Any]) -> None:
        file.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")

    with given_back():
        report = run(tell)
    failed = [name for name, outcome in report["beliefs"].items() if outcome != "holds"]
    print(f"{len(report['beliefs']) - len(failed)} beliefs hold, {len(failed)} do not: {', '.join(failed) or 'none'}")
    print(f"{len(report['answers'])} questions were answered. The report is {file}")
    return _end(1 if failed else 0, own)


def _end(code: int, own: Any | None) -> int:
    """A Maya of our own is left at once: taking it down can hang or crash, and everything is written."""
    if own is not None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    main()
