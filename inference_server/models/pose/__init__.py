"""The family `pose`: what finds and reads people in pictures, and `family`, which draws a frame of what was read.

`blazepose` ships. `networks` knows others by what an ONNX file makes, and puts a card's together; `adding` brings them
in. Each kind is a file: `simcc` (RTMPose), `heatmaps` (ViTPose), `rtmo`, and the detector `yolox`; `boxes` is what
those have in common that look at whole pictures, `flat` what those have that see joints in the picture alone.
`importing` makes a model of what another program read of a clip; `cards` is what the cards of all that is added share.
"""
