"""Lips: a face's mouth follows a sound, after "A Lip Sync Expert Is All You Need" (Prajwal et al., ACM MM 2020).

`network` is the generator, `mel` what it hears; `following` says on which frames the face is, `looking` what is seen
of it there by its mesh, `steadying` where it is and whether it is hidden; `pasting` takes it to the network and back
to its place, `masking` says what is shown of that; `agreement` measures whether the mouth follows. `family` joins them.
`published` makes a model folder of a checkpoint of the authors. Faces are found by the code of
`inference_server/datasets`, their meshes by `inference_server/models/faces`.
"""
