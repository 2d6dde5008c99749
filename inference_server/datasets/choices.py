"""What can be chosen by name; the command line knows it without loading what does the work."""

FACE_CROPS = ("ffhq", "level", "box")  # see `crops.face_quad`; the first is the default
PICTURE_CROPS = ("centre", "stretch")
SIZES = (16, 32, 64, 128, 256, 512, 1024)  # pixels a side
