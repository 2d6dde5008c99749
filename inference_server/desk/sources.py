"""What is painted from: a shot.json, or a shot made of whatever files were named or dropped, as `render` makes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from shared.errors import InputRefused, MissingInput, SemrenderError
from shared.file_names import is_clip
from shared.frames import beat, find_pass
from shared.label_set import available, load_label_set
from shared.passes import ReadOptions, read_label_pass
from shared.shot import FILE_NAME, MAX_FILE, PASSES, Shot, ShotLayer, named_files
from shared.shot_input import shot_from_input
from shared.values import Value

LABELS, PICTURE, SHOT, WALK = "labels", "picture", "shot", "walk"
TABLES = (".csv", ".tsv", ".json")  # of names
SOUNDS = (".wav", ".mp3", ".aif", ".aiff", ".flac", ".m4a", ".ogg")


class Source(Value):
    """kind: "shot" where a shot.json was found, "walk" where a model alone paints, else what the pictures are taken
    for, "labels" or "picture"."""

    title: str
    kind: str
    shot: Shot
    base: Path
    notes: tuple[str, ...] = ()


def of_path(path: Path, kind: str = "", fps: tuple[int, int] | None = None) -> Source:
    """What a folder, a file, a pattern or a shot.json stands for.

    kind: what pictures without a shot.json are; "" = pictures for a clip, else labels. Raises MissingInput or
    InputRefused.
    """
    if path.suffix.lower() == ".json" or (path / FILE_NAME).is_file():
        shot, base = shot_from_input(path)
        return Source(shot.name, SHOT, shot, base)
    kind = kind or (PICTURE if is_clip(path) else LABELS)
    shot, base = shot_from_input(path, kind, fps)
    notes: tuple[str, ...] = ()
    if kind == LABELS:
        shot, notes = _with_its_set(shot, base)
    return Source(shot.name, kind, shot, base, notes)


def of_drop(folder: Path, kind: str = "", fps: tuple[int, int] | None = None) -> Source:
    """What lies in a folder of dropped files; a table of names, a sound, and a picture beside a clip, which is its
    reference, are taken as such.

    Raises MissingInput or InputRefused.
    """
    while not (folder / FILE_NAME).is_file() and len(below := list(folder.iterdir())) == 1 and below[0].is_dir():
        folder = below[0]
    files = sorted(entry for entry in folder.iterdir() if entry.is_file())
    shots = [file for file in files if file.suffix.lower() == ".json" and _is_shot(file)]
    if shots:
        found = of_path(next((file for file in shots if file.name == FILE_NAME), shots[0]))
        if lost := _left_behind(found):
            raise MissingInput(
                f"this shot.json names files beside it that were not dropped: {lost}",
                remedy="Drop the whole folder, or open the shot.json by its path",
            )
        return found
    tables = [file for file in files if file.suffix.lower() in TABLES]
    sounds = [file for file in files if file.suffix.lower() in SOUNDS]
    pictures = [file for file in files if file not in (*tables, *sounds)]
    clips = [file for file in pictures if is_clip(file)]
    found = of_path(clips[0] if len(clips) == 1 else folder, kind, fps)
    shot = found.shot
    beside = [file.name for file in pictures if file not in clips]
    if clips and len(beside) == 1:
        shot = replace(shot, layers=tuple(replace(layer, reference=beside[0]) for layer in shot.layers))
    if tables and found.kind == LABELS:
        from shared.names import read_names

        read = {"names": read_names(tables[0])}
        shot = replace(shot, layers=tuple(replace(layer, read={**layer.read, **read}) for layer in shot.layers))
    if sounds:
        shot = replace(shot, audio=sounds[0].name)
    return replace(found, shot=Shot.from_dict(shot.to_dict()))


def lone_sound(folder: Path) -> str:
    """The sound in a folder of dropped files that has no picture; "" where there is another thing to begin with."""
    files = sorted(folder.iterdir())
    sounds = [file.name for file in files if file.suffix.lower() in SOUNDS and file.is_file()]
    return sounds[0] if sounds and len(sounds) == len(files) else ""


def _is_shot(file: Path) -> bool:
    """A table of names has no layers."""
    from shared import documents

    try:
        content = documents.load(file, "a shot", MAX_FILE)
    except InputRefused:
        return file.name == FILE_NAME  # whose fault is said
    return file.name == FILE_NAME or (isinstance(content, dict) and "layers" in content)


def _left_behind(source: Source) -> str:
    """The first pass whose folder did not come along; of passes elsewhere on this machine the check says more."""
    for _, pattern in named_files(source.shot):
        if not Path(pattern).is_absolute() and not (source.base / pattern).parent.exists():
            return pattern
    for layer in source.shot.layers:
        for kind in PASSES:
            pattern = getattr(layer, kind)
            if pattern is not None and not Path(pattern).is_absolute():
                try:
                    find_pass(kind, pattern, source.base, layer.name, beat(source.shot, layer))
                except MissingInput:
                    return str(pattern)
                except InputRefused:
                    continue
    return ""


def _with_its_set(shot: Shot, base: Path) -> tuple[Shot, tuple[str, ...]]:
    """With the label set of which every pixel of the first frame is a class, where it is no other one's."""
    fits = [name for name in (shot.label_set, *available()) if _reads(shot, base, name)]
    if len(set(fits)) != 1 or fits[0] == shot.label_set:
        return shot, ()
    return replace(shot, label_set=fits[0]), (f"all its pixels are classes of {fits[0]}, and of no other label set",)


def _reads(shot: Shot, base: Path, name: str) -> bool:
    layer = shot.layers[0]
    try:
        file = file_of(shot, base, layer, LABELS, shot.first)
        read_label_pass(file, load_label_set(name), ReadOptions.from_dict(layer.read))
    except SemrenderError:
        return False
    return True


def file_of(shot: Shot, base: Path, layer: ShotLayer, kind: str, frame: int) -> Path:
    """Raises MissingInput or InputRefused."""
    return find_pass(kind, getattr(layer, kind), base, layer.name, beat(shot, layer)).file(frame)
