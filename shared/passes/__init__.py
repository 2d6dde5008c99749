"""Label passes: from a file of any renderer to exact class ids.

One function, `read_label_pass(path, label_set, options)`, for EXR, PNG, TIFF, TGA, Maya IFF, DPX and the like: colours
of a palette, the self-checking code, id channels, Cryptomatte. Strict: a pixel that is no class is an error
that says where, how many and why, decided by tests on the pixels. `probe` only looks at a file: of a night's shot
there are tens of thousands. The other passes have a file each that ends in `_pass`.
May import numpy, cv2, Pillow, OpenEXR, OpenImageIO and the rest of `shared`.
"""

from shared.passes.label_pass import LabelPass, Probe, ReadOptions, SourceFacts
from shared.passes.read import probe, read_label_pass

__all__ = ["LabelPass", "Probe", "ReadOptions", "SourceFacts", "probe", "read_label_pass"]
