"""Build the Maya module: the plug-in, what it imports of `shared`, and its libraries, under one private package.

In the repository imports read `shared...` and `maya_plugin...`; in the module both live below `semrender_maya`, so
that a studio's own package `shared` cannot collide. Import statements are rewritten, nothing else is.

    semrender-0.1.0/
        semrender_install_0_1_0.py           the installer to drop on a viewport
        semrender.mod                        relocatable: for a studio's MAYA_MODULE_PATH
        semrender/plug-ins, scripts, icons, vendor/<platform>_<python>/zmq, vendor/python/msgpack
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from maya_plugin import VERSION, install
from shared.errors import InputRefused

ROOMS = ("maya_plugin", "shared")
STARTS = "userSetup.py"  # Maya runs every one that it finds on its Python's path
PYZMQ = "26.4.0"  # the last release with wheels for all these Pythons on glibc 2.17, Windows and both Macs
MSGPACK = "1.1.2"  # the last that serves Python 3.9
WHEELS = {"win64": "win_amd64", "linux": "manylinux2014_x86_64", "mac": "macosx_10_15_universal2"}


def build(out: Path, wheels: Path | None = None) -> Path:
    """Build below `out` and return the folder, which has a .zip beside it; what was there of it is replaced.

    wheels: a folder with the libraries' wheels, for machines without internet.

    Raises InputRefused where libraries cannot be had.
    """
    out = out.absolute()
    target = out / f"semrender-{VERSION}"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as beside:
        made = Path(beside) / target.name
        root = made / install.NAME
        _sources(root)
        _libraries(root / "vendor", wheels, Path(beside))
        (made / "semrender.mod").write_text(install.module_text(VERSION, install.NAME), encoding="utf-8")
        shutil.copyfile(Path(install.__file__), made / install.file_name(VERSION))
        if target.exists():
            shutil.rmtree(target)
        made.replace(target)
    shutil.make_archive(str(target), "zip", out, target.name)
    return target


def rewritten(source: str) -> str:
    """The source with the imports of our rooms put below the private package."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _ours(node.module or ""):
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line.replace(f"from {node.module}", f"from {install.PACKAGE}.{node.module}", 1)
        elif isinstance(node, ast.Import) and any(_ours(alias.name) for alias in node.names):
            raise InputRefused(
                f"line {node.lineno}: `import {node.names[0].name}` cannot be put below another package",
                remedy="Write `from package import module`",
            )
    return "".join(lines)


def needed_of(shared_room: Path, plugin: Iterable[Path]) -> list[str]:
    """The modules of `shared` that these files import, and those that these import."""
    found: set[str] = set()
    waiting = list(plugin)
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or (node.module or "").partition(".")[0] != shared_room.name:
                continue
            inner = (node.module or "").partition(".")[2]
            for name in {inner} if inner else {alias.name for alias in node.names}:
                if name not in found:
                    found.add(name)
                    waiting.append(shared_room / f"{name}.py")
    return sorted(found)


def _ours(module: str) -> bool:
    return module.partition(".")[0] in ROOMS


def _sources(root: Path) -> None:
    plugin_room = Path(install.__file__).parent
    shared_room = plugin_room.parent / "shared"
    package = root / "scripts" / install.PACKAGE
    files = {
        path: package / "maya_plugin" / path.relative_to(plugin_room)
        for path in plugin_room.rglob("*.py")
        if path.name not in ("install.py", "build.py", "cli.py", f"{install.PLUGIN}.py", STARTS)
    }
    for name in ("__init__", *needed_of(shared_room, files)):
        files[shared_room / f"{name}.py"] = package / "shared" / f"{name}.py"
    files[plugin_room / f"{install.PLUGIN}.py"] = root / "plug-ins" / f"{install.PLUGIN}.py"
    files[plugin_room / STARTS] = root / "scripts" / STARTS
    for source, target in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.write_text(rewritten(source.read_text(encoding="utf-8")), encoding="utf-8")
        except InputRefused as error:
            raise error.located(file=source) from None
    words = '"""semrender in Maya. Everything of ours lives in here, so that no name of ours meets another\'s."""\n'
    (package / "__init__.py").write_text(words, encoding="utf-8")
    shutil.copytree(shared_room / "label_sets", package / "shared" / "label_sets")
    icons = plugin_room / "icons"
    if icons.is_dir():
        shutil.copytree(icons, package / "maya_plugin" / "icons", dirs_exist_ok=True)
        shutil.copytree(icons, root / "icons", ignore=shutil.ignore_patterns("*.py"))


def _libraries(vendor: Path, wheels: Path | None, work: Path) -> None:
    """pyzmq for every Python and platform in a folder of its own (their shared libraries collide); msgpack once."""
    folder = wheels or work / "wheels"
    for python in sorted(set(install.PYTHONS.values())):
        for platform, tag in WHEELS.items():
            wheel = _wheel("pyzmq", PYZMQ, python, tag, folder, wheels is None)
            _unpack(wheel, vendor / f"{platform}_{python}")
    wheel = _wheel("msgpack", MSGPACK, "39", WHEELS["linux"], folder, wheels is None)
    _unpack(wheel, vendor / "python", without=(".so",))  # it falls back to Python where its compiled part is not


def _wheel(name: str, version: str, python: str, platform: str, folder: Path, download: bool) -> Path:
    """The wheel of a library, downloaded by pip where it may. Raises InputRefused."""
    tag = {"win_amd64": "win_amd64", "macosx_10_15_universal2": "macosx"}.get(platform, "manylinux")
    if download:
        minor = f"{python[0]}.{python[1:]}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--no-deps"]
        command += ["--python-version", minor, "--implementation", "cp", "--abi", f"cp{python}", "--abi", "abi3"]
        command += ["--platform", platform, "--dest", str(folder), f"{name}=={version}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise InputRefused(
                f"{name} {version} for Python {minor} on {platform} cannot be downloaded",
                cause=said[-1] if said else "",
                remedy="Connect to the internet, or give a folder of wheels with --wheels",
            )
    found = sorted(folder.glob(f"{name}-{version}-cp{python}-*{tag}*.whl"))
    if not found:
        raise InputRefused(f"there is no wheel of {name} {version} for Python {python} on {platform}", file=folder)
    return found[0]


def _unpack(wheel: Path, target: Path, without: tuple[str, ...] = ()) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.endswith(without) and "/tests/" not in name:
                archive.extract(name, target)
