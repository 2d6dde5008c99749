"""SPADE: `network` is plain, readable and the reference, `fast` with its `tables` is what paints."""
