"""How good a model is on pairs that it never saw.

`python -m benchmarks.judge --pairs PAIRS --heldout PAIRS --out FOLDER`

A segmenter of its own, trained on the real pairs alone and kept in `--out`, reads paintings and real pictures
(`segmenter`, `measures`); where the pairs have normals, creases of the geometry are looked for in the pictures
(`creases`). On every measure stand side by side: the real pictures, the picture that has the mean colour of each class
and nothing else, which no measure may let pass, and the paintings of every model, of one that takes guides without and
with them.
"""
