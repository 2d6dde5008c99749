"""What two rooms use: documents and their files, label passes, the conversation with a server, the door for scripts.

Documents: `schema`, `kinds`, `documents` say how they are declared and read; `shot`, `delivery`, `label_set`, `names`
are declared so, and `tracks` (joints by `layouts`), of which `comp_tracks` makes what a comp holds (`comp_templates`
of a normalised clip), with `poses`, people in space; `inputs` is what a model takes of a layer, `walk` a way through
a generator (`walking` is what of it is painted on a frame, `hearing` what a sound does, `w_files` its points),
`consent` on what ground a face is changed. `sequences`, `frames`, `shot_input` find the files. `passes/` reads
pictures of labels, motion, depth, normals, parts, light; `clips`, `sounds` and `movies` what moves and is heard,
opened by `media`. `protocol`, `client`, `connection`, `servers` talk to a server; `blocks` are the pieces of a shot
for several machines, `path_maps` how their disks are called, `stopping` how a command ends when it is asked to.
`door` with `told`, `changes` and `handing` is what command line and scripts stand on. `command` is what every room's
commands have in common, `errors` and `wording` how all of it speaks; `values` is what documents and all that never
changes are made of.
May import numpy, cv2, OpenEXR, OpenImageIO, Pillow, av, fileseq, zmq, msgpack; never torch, Qt, maya or SQLite. What
Maya imports of it is listed in pyproject.toml and is Maya-safe: Python 3.9, standard library, zmq and msgpack only.
"""

import sys

VERSION = "0.1.0"  # of semrender
PYTHON = ".".join(str(number) for number in sys.version_info[:2])  # that it runs in
