"""Lips: a face's mouth follows a sound.

A network is a `mouths.Mouth`: `wav2lip` (its `network`, and `mel`, what it hears; "A Lip Sync Expert Is All You Need",
Prajwal et al., ACM MM 2020) and `musetalk` (its `unet`, `latents` and `whisper`, what it hears). `following` says on
which frames the face is, `looking` what is seen of it there by its mesh, `steadying` where it is and whether it is
hidden; `pasting` takes it to the network and back to its place, `masking` says what is shown of that; `agreement`
measures whether the mouth follows. `family` joins them. `published` and `musetalk_published` make a model folder of
what the authors of each publish. Faces are found by the code of `inference_server/datasets`, their meshes by
`inference_server/models/faces`.
"""
