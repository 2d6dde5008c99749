"""The small network: `network` is plain, readable and the reference, `fast` is what paints, `guides` what both are told
of the geometry.
"""
