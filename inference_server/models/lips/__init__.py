"""Lips: a face's mouth follows a sound, after "A Lip Sync Expert Is All You Need" (Prajwal et al., ACM MM 2020).

`network` is the generator, `mel` what it hears; `following` says where the face is on every frame, `pasting` takes it
to the network and back onto its plate; `family` joins them. `published` makes a model folder of a checkpoint of the
authors. Faces are found by the code of `inference_server/datasets`.
"""
