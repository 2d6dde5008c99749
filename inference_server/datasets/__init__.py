"""Datasets: clips and pictures in, a folder of equal squares out that a network learns from. Sources are only read.

`sources` finds the pictures, `stills` reads a file as one; `detector` finds faces (YuNet, in `yunet` with its licence),
`tracks` follows them and knows where a shot ends; `crops` says which square of a picture is cut, `cutting` cuts it,
`recipe` adjusts it, `likeness` knows twins; `choosing` says what is kept and why not; `document` is dataset.json,
`report` what it says; `sheets` and `publish` write; `session` joins all of it, with `journal` what an interrupted run
had found; `cli` is the command.
May import `shared`, numpy, cv2, Pillow; no torch and no other room.
"""
