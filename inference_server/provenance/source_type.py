"""The IPTC's digital source type in a file: that a trained model changed a picture or made it, as XMP.

IPTC Photo Metadata Standard 2023.1, `Iptc4xmpExt:DigitalSourceType`; XMP specification part 3 says where XMP stands:
in an iTXt chunk of PNG, in a uuid box of MP4 (and, as ExifTool reads it, of MOV). OpenEXR has no place of its own: the
attribute `xmp`, as KDE's reader has it.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

from shared.consent import VOCABULARY

XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
STATED = re.compile(rb"""DigitalSourceType(?:\s*=\s*["']|\s*>\s*)""" + re.escape(VOCABULARY.encode()) + rb"(\w+)")
NEAR_AN_END = 2**22  # bytes from either end of a file in which XMP is looked for

PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    ' Iptc4xmpExt:DigitalSourceType="{}"/></rdf:RDF></x:xmpmeta>'
)


def packet(source_type: str) -> str:
    """The XMP of a source type, a URI of the IPTC's vocabulary."""
    return PACKET.format(source_type)


def box(source_type: str) -> bytes:
    """The same as a box that may stand at the end of an MP4 or MOV."""
    content = b"uuid" + XMP_BOX + packet(source_type).encode()
    return struct.pack(">I", len(content) + 4) + content


def stated(path: Path) -> str:
    """The source type that a file's XMP states, a URI; empty where it states none. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        for start in dict.fromkeys((0, max(0, size - NEAR_AN_END))):
            file.seek(start)
            if found := STATED.search(file.read(NEAR_AN_END)):
                return VOCABULARY + found[1].decode()
    return ""
