"""Install semrender in Maya: drop this file on Maya's viewport, or run `mayapy install.py [--uninstall]`.

It writes one small file, `semrender.mod`, into the modules folder of the user's Maya settings; it names this folder, so
leave the folder where it is. Drop the installer of a newer version to upgrade. Maya.env is never touched, nothing is
installed into Maya's own Python, and importing this file does nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

NAME = "semrender"
PACKAGE = "semrender_maya"  # the one private parent of everything that Maya imports from us
PLUGIN = "semrender_plugin"
PYTHONS = {2023: "39", 2024: "310", 2025: "311", 2026: "311", 2027: "313"}  # Maya -> its Python
PLATFORMS = ("win64", "linux", "mac")
NO_SERVER = (
    "The label passes can be rendered now. To paint them, this machine also needs the semrender server, once:\n"
    "1. Install Python 3.11 (64-bit): on Windows and macOS by the installer from python.org, on Linux as a package.\n"
    "2. Unpack semrender's source, open a terminal in its folder and run\n"
    "    {python} -m venv .venv\n    {bin}pip install torch\n    {bin}pip install -e .\n"
    "3. Start it once with\n    {bin}semrender serve"
)


class Refused(Exception):
    """Why it cannot be installed, in words."""


def module_text(version: str, root: str) -> str:
    """The .mod file: a row for every Maya and platform; without its row a Maya does not load the module at all.

    root: path of the module's folder, absolute, or relative to the .mod file.
    """
    rows = []
    for maya, python in PYTHONS.items():
        for platform in PLATFORMS:
            rows.append(
                f"+ MAYAVERSION:{maya} PLATFORM:{platform} {NAME} {version} {root}\n"
                f"PYTHONPATH +:= vendor/{platform}_{python}\n"
                "PYTHONPATH +:= vendor/python\n"
            )
    return "\n".join(rows)


def here() -> Path:
    """The module's folder beside this file. Raises Refused where the file was moved away from it."""
    root = Path(__file__).resolve().parent / NAME
    if not (root / "plug-ins" / f"{PLUGIN}.py").is_file():
        raise Refused(f"{root} is not here. Unpack the whole archive and drop {Path(__file__).name} from there.")
    return root


def version_of(root: Path) -> str:
    """The version that the module's own package says."""
    text = (root / "scripts" / PACKAGE / "maya_plugin" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^VERSION = "(.+)"', text, re.MULTILINE)
    return found[1] if found else "0"


def settings_folder() -> Path:
    """The user's Maya settings, for a Maya that does not run."""
    if os.environ.get("MAYA_APP_DIR"):
        return Path(os.environ["MAYA_APP_DIR"])
    if sys.platform == "win32":
        return Path.home() / "Documents" / "maya"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Preferences" / "Autodesk" / "maya"
    return Path.home() / "maya"


def write_module(root: Path, settings: Path) -> Path:
    """Write the .mod file, whole or not at all. Raises Refused."""
    if not any((root / "vendor").glob("*_*")):
        raise Refused(f"{root} was built without its libraries.")
    module = settings / "modules" / f"{NAME}.mod"
    beside = module.with_name(f".{NAME}.{os.getpid()}.tmp")
    try:
        module.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(module_text(version_of(root), root.as_posix()), encoding="utf-8")
        os.replace(beside, module)
    except OSError as error:
        raise Refused(f"{module} cannot be written: {error.strerror}.") from None
    return module


def remove_module(settings: Path) -> bool:
    """Remove the .mod file; whether there was one."""
    module = settings / "modules" / f"{NAME}.mod"
    existed = module.is_file()
    module.unlink(missing_ok=True)
    return existed


def server_words() -> str:
    """What to do where no server is installed on this machine, else an empty string."""
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / NAME
        words = {"python": "py -3.11", "bin": ".venv\\Scripts\\"}
    else:
        mac = Path.home() / "Library" / "Application Support" / NAME
        data = Path(os.environ.get("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))) / NAME
        home = mac if sys.platform == "darwin" else data
        words = {"python": "python3.11", "bin": ".venv/bin/"}
    home = Path(os.environ.get("SEMRENDER_HOME", str(home)))
    if (home / "installation.json").is_file() or (home / "remote.json").is_file():
        return ""
    return NO_SERVER.format(**words)


# --- in a running Maya ----------------------------------------------------------------------------------------


def onMayaDroppedPythonFile(*_: Any) -> None:  # noqa: N802, Maya calls it when this file is dropped on a viewport
    from maya import cmds

    settings = Path(cmds.internalVar(userAppDir=True))
    try:
        root = here()
        _check(int(cmds.about(majorVersion=True)))
        if (settings / "modules" / f"{NAME}.mod").is_file():
            answer = cmds.confirmDialog(
                title=NAME,
                message=f"semrender is installed. Install {version_of(root)} over it, or uninstall it?",
                button=["Install", "Uninstall", "Cancel"],
                defaultButton="Install",
                cancelButton="Cancel",
                dismissString="Cancel",
            )
            if answer == "Cancel":
                return
            if answer == "Uninstall":
                deactivate()
                remove_module(settings)
                cmds.inViewMessage(assistMessage="semrender was uninstalled", position="topCenter", fade=True)
                return
        deactivate()
        activate(root, write_module(root, settings))
    except Refused as refused:
        cmds.confirmDialog(title=NAME, message=str(refused), button=["OK"])
        return
    version = version_of(root)
    cmds.inViewMessage(assistMessage=f"semrender {version} is installed", position="topCenter", fade=True)
    words = server_words()
    if words:
        cmds.confirmDialog(title=f"semrender {version} is installed", message=words, button=["OK"])


def _check(maya: int) -> None:
    if maya not in PYTHONS:
        raise Refused(f"semrender is made for Maya {min(PYTHONS)} to {max(PYTHONS)}; this is Maya {maya}.")


def deactivate() -> None:
    """Unload the plug-in and forget its modules, so that another version can take their place. Raises Refused."""
    from maya import cmds

    if cmds.pluginInfo(PLUGIN, query=True, loaded=True):
        try:
            cmds.unloadPlugin(f"{PLUGIN}.py")
        except RuntimeError as error:
            raise Refused(
                f"The semrender that is loaded cannot be unloaded: {error} Restart Maya and try again."
            ) from None
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    # Its folders must not be found before those of another version. zmq stays: it is compiled and in use.
    sys.path[:] = [path for path in sys.path if not (Path(path) / PACKAGE).is_dir()]


def activate(root: Path, module: Path) -> None:
    """Load the module into this Maya, without a restart. Raises Refused."""
    from maya import cmds

    cmds.loadModule(load=module.as_posix())
    vendor = (
        f"{PLATFORMS[0] if sys.platform == 'win32' else PLATFORMS[2] if sys.platform == 'darwin' else PLATFORMS[1]}"
    )
    python = f"{sys.version_info[0]}{sys.version_info[1]}"
    for folder in ("vendor/python", f"vendor/{vendor}_{python}", "scripts"):
        path = str(root / folder)
        if path not in sys.path:  # Maya does not always take new modules into a running Python
            sys.path.insert(0, path)
    plugin = (root / "plug-ins" / f"{PLUGIN}.py").as_posix()
    try:
        cmds.loadPlugin(plugin)
    except RuntimeError as error:
        raise Refused(f"semrender was installed but cannot be loaded: {error}") from None
    cmds.pluginInfo(plugin, edit=True, autoload=True)


def main(arguments: list[str] | None = None) -> int:
    """Without a running Maya: write or remove the .mod file of a user."""
    parser = argparse.ArgumentParser(prog="mayapy install.py", description="Install semrender for Maya.")
    parser.add_argument("--uninstall", action="store_true")
    parser.add_argument("--settings", type=Path, metavar="FOLDER", help="Maya's settings folder (default: the user's)")
    parsed = parser.parse_args(arguments)
    settings = parsed.settings or settings_folder()
    try:
        if parsed.uninstall:
            print("semrender was uninstalled" if remove_module(settings) else "semrender was not installed")
        else:
            print(f"semrender is installed: {write_module(here(), settings)}")
            print(server_words())
    except Refused as refused:
        print(f"semrender: {refused}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
