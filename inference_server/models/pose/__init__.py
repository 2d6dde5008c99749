"""The family `pose`: `blazepose` finds and reads bodies in a picture, `family` draws a frame of what was read."""
