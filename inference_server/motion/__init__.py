"""Motion: people in clips are followed, brought to one place and size, and read as joints. Pure, but for reading clips.

A clip must be normalised to be read well: so search, follow, normalise and read are one way, which two things go.

- `semrender clip normalise` (`commands/normalising`) writes somebody as a sequence of their own by a `template` (data:
  canvas, centre, size, how steady; and a picture with guides), with the ways there and back, frame by frame, in
  `document` (normalised.json). Generators and lips want such sequences, too.
- the family `pose` (`models/pose`) reads a layer's people in `prepare`, once, and paints each frame by itself of what
  was found: a `skeleton`. At the end of the job `delivered` makes tracks of it, which After Effects and Maya take as
  those of anybody else, and `curves` a sheet.

A network is a `following.Bodies`, given to this room, which knows none. `following` looks at a clip in blocks, each of
which begins with a search of the whole picture; `reading` reads everybody again in a square that moves smoothly;
`sides` puts left and right back that a network took for one another, `joints` says of each joint whether it is seen,
filled in, hidden or outside the picture, and smooths what is seen; `layouts` makes them those of another program.
All that looks at neighbours in time looks a finite way, to both sides alike: no lag, and a clip in parts is the same.
`sides`, `lifting` and `solving` alone look at the whole of a clip.
Pixels are the source's, from its corner: what is found in a canvas or a square is at once taken back there.

`lifting` makes points in space of joints of the picture, by a network that it is given; `solving` makes skeletons of
what was measured in space; `posing` with `bvh` and `usd` their files.
`imported` makes what another program read to what is read here. `bodies` is what is read of one picture, `footage`
reads clips and sequences, `normalising` makes the ways and draws the canvas, `drawing` lines. May import `shared` and
`datasets` (the code of faces: detector, tracks, crops), numpy, cv2, Pillow; no torch and no other room.
"""
