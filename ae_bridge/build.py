"""One script out of many: After Effects gets a single .jsx, with every `//@include` put in its place once."""

from __future__ import annotations

import re
from pathlib import Path

from shared.errors import SemrenderError

JSX = Path(__file__).parent / "jsx"
PANEL = JSX / "panel" / "panel.jsx"
HEADLESS = JSX / "headless" / "headless.jsx"
PROBE = JSX / "probe.jsx"
INCLUDE = re.compile(r'^//@include "([^"]+)"\n', re.MULTILINE)


def bundle(entry: Path) -> str:
    """The script with all that it includes, each file once. ASCII: ExtendScript guesses encodings."""
    seen: set[Path] = set()

    def text_of(file: Path) -> str:
        file = file.resolve()
        if file in seen:
            return ""
        seen.add(file)
        try:
            text = file.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SemrenderError(
                "a part of the After Effects script cannot be read",
                file=file,
                cause=str(error),
                remedy="Install semrender again",
            ) from error
        return INCLUDE.sub(lambda found: text_of(file.parent / found[1]), text)

    return text_of(entry)
