"""The panel for machines without Python: what is in the archive, and that it imports with nothing else there."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from deliveries import film
from fake_host import Node
from panel_steps import Panel

import semrender
from ae_bridge import build, inbox, install


def test_the_panel_for_machines_without_python_is_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert semrender.main(["ae", "package", "--out", str(tmp_path)]) == 0
    made = Path(capsys.readouterr().out.strip())
    with zipfile.ZipFile(made) as archive:
        assert archive.namelist() == [install.NAME, "semrender_probe.jsx", "READ ME.txt"]
        assert archive.read(install.NAME).decode("ascii") == build.bundle(build.PANEL)
        assert archive.read("semrender_probe.jsx").decode("ascii") == build.bundle(build.PROBE)
        assert "Install ScriptUI Panel" in archive.read("READ ME.txt").decode("ascii")
    first = made.read_bytes()
    assert semrender.main(["ae", "package", "--out", str(tmp_path / "x.zip")]) == 0
    assert (tmp_path / "x.zip").read_bytes() == first
    assert semrender.main(["ae", "package", "--out", str(tmp_path / "x.rar")]) == 3


def test_it_imports_what_others_painted_with_no_server_no_python_and_no_preference(tmp_path: Path, node: Node) -> None:
    """Painted and listed by Python on one machine, seen by After Effects on another under another mount."""
    share, mount = tmp_path / "show", "/Volumes/show 1%"
    delivery = film(share / "sq010" / "sh020")
    inbox.watch(share)
    inbox.drop(delivery)
    assert semrender.main(["ae", "package", "--out", str(tmp_path / "panel.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "panel.zip") as archive:
        code = archive.read(install.NAME).decode("ascii")

    panel = Panel(node, {"panel.jsx": code}, preferences={"write": False})
    texts = [share / inbox.SHARED, delivery]
    panel.write({f"{mount}/{file.relative_to(share).as_posix()}": file.read_text("utf-8") for file in texts})
    panel.put(*(f"{mount}/{file.relative_to(share).as_posix()}" for file in share.rglob("*.png")))
    panel.run("ui.choose(input)", mount.replace("%", "%25"))
    panel.click("Watch Folder...")
    assert [row[0] for row in panel.rows] == ["sq010 / SQ010_SH020"], panel.status
    panel.click("Import")
    assert panel.rows[0][2] == "In project", panel.status
    footage = panel.items("FootageItem")["sh020_train"]
    assert footage["path"].startswith(f"{mount}/sq010/sh020/painting/train/")
