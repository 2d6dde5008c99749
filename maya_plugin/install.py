"""Install semrender in Maya: drop this file on Maya's viewport, or run it with mayapy (`--uninstall` removes it again).

It writes one small file, `semrender.mod`, into the modules folder of the user's Maya settings; it names this folder, so
leave the folder where it is. Drop the installer of a newer version to upgrade. Maya.env is never touched, nothing is
installed into Maya's own Python, and importing this file does nothing.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
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
# A list that Maya keeps and lets nobody change by script: folders whose plug-ins it loads without a question.
TRUSTED = "SafeModeAllowedlistPaths"
ASKS = (
    "Maya may now ask whether it should load a plug-in from a location that is not trusted. Tick “Apply to all "
    "plug-ins in this location” and press Allow. This is the location:\n{folder}"
)
DISTRUSTS = (
    "Maya did not load semrender: it does not trust the folder of its plug-in. Allow it in Windows > "
    "Settings/Preferences > Preferences > Security > Plug-ins > My trusted plug-in locations, and drop the installer "
    "again. The folder is\n"
    "{folder}"
)
DOCUMENTS = 5  # CSIDL_PERSONAL: the user's documents, wherever OneDrive or a policy has put them
NO_SERVER = (
    "The label passes can be rendered now. To paint them, this machine also needs the semrender server, once:\n"
    "1. Install Python 3.11 (64-bit): on Windows and macOS by the installer from python.org, on Linux as a package.\n"
    "2. Unpack semrender's source, open a terminal in its folder and run\n"
    "    {python} -m venv .venv\n    {bin}pip install torch\n    {bin}pip install -e .\n"
    "3. Start it once with\n    {bin}semrender serve"
)


class Refused(Exception):
    """Why it cannot be installed, in words."""


def file_name(version: str) -> str:
    """Of the installer: no other file that was dropped on the same Maya may have its name."""
    return f"semrender_install_{re.sub(r'[^0-9a-zA-Z]', '_', version)}.py"


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
        return _documents() / "maya"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Preferences" / "Autodesk" / "maya"
    return Path.home() / "maya"


def _documents() -> Path:
    """The user's documents on Windows, as the shell knows them: Maya asks it, too."""
    found = ctypes.create_unicode_buffer(260)
    failed = ctypes.windll.shell32.SHGetFolderPathW(None, DOCUMENTS, None, 0, found)  # type: ignore[attr-defined]
    return Path.home() / "Documents" if failed else Path(found.value)


def written_root(root: Path, modules: Path) -> str:
    """The module's folder as its row names it: relative where the whole path has letters beyond ASCII.

    Module files fail with such letters on Windows (zewt/zMayaTools#4); what both paths have in common, such as the
    user's name, is not in a relative one. Raises Refused where that does not help.
    """
    whole = root.as_posix()
    if whole.isascii():
        return whole
    try:
        short = Path(os.path.relpath(root, modules)).as_posix()
    except ValueError:  # on another drive
        short = whole
    if short.isascii() or sys.platform != "win32":
        return short if short.isascii() else whole
    raise Refused(
        f"Maya may not find a module whose folder's name has letters beyond a to z: {root}. "
        "Unpack the archive into a folder such as C:\\semrender and install it from there."
    )


def write_module(root: Path, settings: Path) -> Path:
    """Write the .mod file, whole or not at all. Raises Refused."""
    if not any((root / "vendor").glob("*_*")):
        raise Refused(f"{root} was built without its libraries.")
    module = settings / "modules" / f"{NAME}.mod"
    text = module_text(version_of(root), written_root(root, module.parent))
    beside = module.with_name(f".{NAME}.{os.getpid()}.tmp")
    try:
        module.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, module)
    except OSError as error:
        raise Refused(f"{module} cannot be written: {error.strerror}.") from None
    return module


def remove_module(settings: Path) -> bool:
    """Remove the .mod file, and what an older version had written into Maya's preferences; whether there was one."""
    module = settings / "modules" / f"{NAME}.mod"
    existed = module.is_file()
    module.unlink(missing_ok=True)
    for version in _preferences(settings):
        _forget_autoload(version / "pluginPrefs.mel")
    return existed


def shelves_left(settings: Path) -> list[Path]:
    """Maya's shelf files of ours; only a running Maya can take the tab itself away."""
    files = (folder / "shelves" / f"shelf_{NAME}.mel" for folder in _preferences(settings))
    return sorted(file for file in files if file.is_file())


def _preferences(settings: Path) -> list[Path]:
    """The preferences of every Maya, of those in another language, too."""
    return [*settings.glob("20[0-9][0-9]/prefs"), *settings.glob("20[0-9][0-9]/*/prefs")]


def _forget_autoload(file: Path) -> None:
    if not file.is_file():
        return
    lines = file.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if PLUGIN.encode() not in line]
    if kept != lines:
        beside = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        beside.write_bytes(b"".join(kept))
        os.replace(beside, file)


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

    try:
        _dropped(Path(cmds.internalVar(userAppDir=True)))
    except Refused as refused:
        cmds.confirmDialog(title=NAME, message=str(refused), button=["OK"])
    finally:
        # Maya imports a dropped file by its bare name and keeps it: the next one of this name would be this one again.
        sys.modules.pop(__name__, None)


def _dropped(settings: Path) -> None:
    from maya import cmds

    root = here()
    _check(int(cmds.about(majorVersion=True)), cmds.about(product=True))
    if (settings / "modules" / f"{NAME}.mod").is_file():
        answer = _ask(
            f"semrender is installed. Install {version_of(root)} over it, or uninstall it?", "Install", "Uninstall"
        )
        if answer == "Cancel":
            return
        if answer == "Uninstall":
            uninstall(root, settings)
            cmds.inViewMessage(assistMessage="semrender was uninstalled", position="topCenter", fade=True)
            return
    if not trusted(root / "plug-ins"):
        words = ASKS.format(folder=(root / "plug-ins").as_posix())
        if _ask(words, "Go on") == "Cancel":
            return
    deactivate()
    activate(root, write_module(root, settings))
    version = version_of(root)
    cmds.inViewMessage(assistMessage=f"semrender {version} is installed", position="topCenter", fade=True)
    words = server_words()
    if words:
        cmds.confirmDialog(title=f"semrender {version} is installed", message=words, button=["OK"])


def _ask(words: str, *answers: str) -> str:
    """What is pressed, "Cancel" being one more answer."""
    from maya import cmds

    return cmds.confirmDialog(
        title=NAME,
        message=words,
        button=[*answers, "Cancel"],
        defaultButton=answers[0],
        cancelButton="Cancel",
        dismissString="Cancel",
    )


def _check(maya: int, product: str) -> None:
    if maya not in PYTHONS:
        raise Refused(f"semrender is made for Maya {min(PYTHONS)} to {max(PYTHONS)}; this is Maya {maya}.")
    if "LT" in product.split():
        raise Refused(f"semrender needs Maya's Python and its plug-ins, which {product} does not have.")


def trusted(folder: Path) -> bool:
    """Whether the artist or IT has allowed the folder, or one above it, by Maya's list of trusted locations."""
    from maya import cmds

    listed = cmds.optionVar(query=TRUSTED) or []
    places = [listed] if isinstance(listed, str) else listed
    own = _same_way(str(folder))
    return any(own == one or own.startswith(f"{one}/") for one in map(_same_way, places))


def _same_way(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").lower()


def deactivate() -> None:
    """Unload the plug-in and forget its modules, so that another version can take their place. Raises Refused."""
    from maya import cmds

    if cmds.pluginInfo(PLUGIN, query=True, loaded=True):
        cmds.pluginInfo(f"{PLUGIN}.py", edit=True, autoload=False)
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
    _find(root)
    plugin = (root / "plug-ins" / f"{PLUGIN}.py").as_posix()
    try:
        cmds.loadPlugin(plugin)
    except RuntimeError as error:
        if trusted(root / "plug-ins"):
            raise Refused(f"semrender was installed but cannot be loaded: {error}") from None
    if not cmds.pluginInfo(
        PLUGIN, query=True, loaded=True
    ):  # Deny is an error in some Mayas, in others nothing happens
        raise Refused(DISTRUSTS.format(folder=(root / "plug-ins").as_posix()))
    cmds.pluginInfo(f"{PLUGIN}.py", edit=True, autoload=False)  # userSetup.py does it; versions before had it set


def uninstall(root: Path, settings: Path) -> None:
    """Take everything of ours out of this Maya and its preferences. Raises Refused."""
    deactivate()
    _find(root)
    importlib.import_module(f"{PACKAGE}.maya_plugin.host.traces").remove()
    deactivate()
    remove_module(settings)


def _find(root: Path) -> None:
    """Maya does not always take new modules into a running Python."""
    platform = {"win32": "win64", "darwin": "mac"}.get(sys.platform, "linux")
    python = f"{sys.version_info[0]}{sys.version_info[1]}"
    folders = (str(root / one) for one in ("scripts", f"vendor/{platform}_{python}", "vendor/python"))
    # Behind the first: Maya puts the dropped file's folder there, and takes away whatever is first when we return.
    sys.path[1:1] = [folder for folder in folders if folder not in sys.path]


def main(arguments: list[str] | None = None) -> int:
    """Without a running Maya: write or remove the .mod file of a user."""
    parser = argparse.ArgumentParser(prog=f"mayapy {Path(__file__).name}", description="Install semrender for Maya.")
    parser.add_argument("--uninstall", action="store_true")
    parser.add_argument("--settings", type=Path, metavar="FOLDER", help="Maya's settings folder (default: the user's)")
    parsed = parser.parse_args(arguments)
    settings = parsed.settings or settings_folder()
    try:
        if parsed.uninstall:
            print("semrender was uninstalled" if remove_module(settings) else "semrender was not installed")
            for shelf in shelves_left(settings):
                print(f"Its shelf stays in Maya ({shelf}): right-click the tab there and choose Delete Shelf")
        else:
            print(f"semrender is installed: {write_module(here(), settings)}")
            print(server_words())
    except Refused as refused:
        print(f"semrender: {refused}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
