"""Where torch keeps numbers: in its older stream, which also stands within pickles, and in its archive.

The older stream (torch/serialization.py, `_legacy_save`) is five pickles, a mark, a version, what the machine was, the
object, and a list of keys; then for every key a count of 8 bytes and the numbers. The archive is a zip of one pickle,
`data.pkl`, and of one entry `data/KEY` for every storage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inference_server.models import archive
from inference_server.models.stylegan.published import arrays
from inference_server.models.stylegan.published.arrays import Storage
from inference_server.models.stylegan.published.machine import Known, Steps, read, refuse

MARK, VERSION = 0x1950A86A20F9469CFC6C, 1001
BEGINS = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."  # the older stream: its mark, as a pickle
STORAGES: Known = {("torch", name): None for name in arrays.TORCH}


def older(data: memoryview, known: Known, steps: Steps) -> Any:
    """The object of an older stream. Raises ModelRefused."""
    storages: dict[str, Storage] = {}

    def kept(pid: Any) -> Storage:
        key, storage = arrays.stored(pid)
        first = storages.setdefault(key, storage)
        if (first.kind, first.count) != (storage.kind, storage.count):
            refuse("it has one storage in two forms")
        return first

    at, found = 0, []
    for _ in range(5):
        value, at = read(data, at, known, steps, kept)
        found.append(value)
    mark, version, machine, value, keys = found
    if mark != MARK or version != VERSION or not isinstance(keys, list):
        refuse("it has a stream of torch's in a version that nobody knows")
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        refuse("it was written on a machine with another order of bytes")
    if set(keys) != set(storages) or len(keys) != len(storages):
        refuse("it has numbers that belong to nothing, or lacks some")
    for key in keys:
        storage = storages[key]
        if int.from_bytes(data[at : at + 8], "little") != storage.count:
            refuse("it is cut short, or its counts differ", "Copy or download it again")
        storage.place(data, at + 8, len(data))
        at += 8 + storage.count * arrays.width(storage.kind)
    return value


def inner(arguments: Sequence[Any], steps: Steps) -> Storage:
    """Of `torch.storage._load_from_bytes`: the storage in an older stream within a pickle; numbers are not read."""
    (value,) = arguments
    storage = older(arrays.content(value), STORAGES, steps)
    if not isinstance(storage, Storage):
        refuse("it has a stream of torch's without numbers where some should be")
    storage.source = value  # of a text only what is asked for is kept decoded
    return storage


def archived(data: memoryview, entries: Mapping[str, archive.Place], known: Known, steps: Steps) -> Any:
    """The object of an archive of torch's. Raises ModelRefused."""
    top = next((name.removesuffix("data.pkl") for name in entries if name.endswith("data.pkl")), None)
    if top is None:
        listed = ", ".join(list(entries)[:3]) or "nothing"
        refuse(f"it is a zip archive that torch did not write: it holds {listed[:200]}", "Unpack it first")
    order = entries.get(f"{top}byteorder")
    if order and bytes(data[order.start : order.start + order.length]) != b"little":
        refuse("it was written on a machine with another order of bytes")

    def kept(pid: Any) -> Storage:
        key, storage = arrays.stored(pid)
        place = entries.get(f"{top}data/{key}")
        if place is None:
            refuse(f"its archive lacks the numbers data/{key[:50]}", "Copy or download it again")
        storage.place(data[place.start : place.start + place.length], 0, place.length)
        return storage

    listing = entries[f"{top}data.pkl"]
    return read(data[listing.start : listing.start + listing.length], 0, known, steps, kept)[0]
