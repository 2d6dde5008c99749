"""The panel for machines without Python: one file that After Effects itself installs, in an archive with a read-me.

It imports and updates from shared folders (`inbox.watch`) with no server and nothing else installed; only painting
again needs a server on the same machine.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from ae_bridge.build import PANEL, PROBE, bundle
from ae_bridge.install import NAME
from shared import VERSION, places
from shared.errors import InputRefused

ARCHIVE = f"semrender_panel_{VERSION}.zip"
WRITTEN = (2026, 1, 1, 0, 0, 0)  # in the archive, so that the same version is the same file
README = f"""semrender {VERSION}: the panel for After Effects 2023 and newer, Windows and macOS

1. In After Effects: File > Scripts > Install ScriptUI Panel..., and choose {NAME}
   (or copy {NAME} into the folder "Scripts/ScriptUI Panels" of After Effects).
2. Start After Effects anew. The panel is Window > {NAME}; dock it where you like.
3. Watch Folder...: choose the shared folder that your shots are painted in, the one with semrender_index.json.
   Its shots are in the list: Import, and later Update. No server is needed on this machine.

Preferences > Scripting & Expressions > Allow Scripts to Write Files and Access Network is needed for painting again
only; with it off the panel imports and updates all the same.

To remove it: File > Scripts > Uninstall Script, or delete {NAME} from that folder.

semrender_probe.jsx answers questions about your After Effects that its documentation leaves open. If you have five
minutes: close your project, File > Scripts > Run Script File..., and send us the report from your desktop.
"""


def write_package(out: Path | None = None) -> Path:
    """Write the archive; returns where. out: a .zip, or a folder for it; None = the current one.

    Raises InputRefused and SemrenderError.
    """
    file = (out or Path()).absolute()
    if file.suffix.lower() != ".zip":
        if file.suffix and not file.is_dir():
            raise InputRefused("the archive is named *.zip", file=file, remedy="Give such a name or a folder")
        file = file / ARCHIVE
    texts = {NAME: bundle(PANEL), "semrender_probe.jsx": bundle(PROBE), "READ ME.txt": README.replace("\n", "\r\n")}
    remedy = "Free space, allow writing, or choose another place with --out"
    with places.whole(file, "the panel", remedy) as beside, zipfile.ZipFile(beside, "w") as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN), text.encode("ascii"), zipfile.ZIP_DEFLATED)
    return file
