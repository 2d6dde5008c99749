"""What says of a picture, a movie or a sound that a model changed or made somebody's face in it, and on what ground.

`source_type` is the IPTC's word for it as XMP, `watermark` a number in the pixels (both without further libraries);
`certificates` and `credentials` sign (C2PA), with the extra `semrender[provenance]`; `reading` says what of all this a
file has. The room knows shared alone: which layers are marked, and when, is the worker's.
"""
