"""The small network: `network` is plain, readable and the reference, `fast` is what paints."""
