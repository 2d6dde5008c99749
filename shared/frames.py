"""What can be said about the files of a shot before rendering starts: all faults at once, in words.

Free of image libraries: the caller brings the function that looks into a file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from shared.errors import InputRefused, MissingInput, SemrenderError, from_dict
from shared.file_names import is_clip
from shared.sequences import Beat, Sequence, find_sequence, frames_text, in_words
from shared.shot import OF_ANY_SIZE, PASSES, Shot, ShotLayer
from shared.values import Value
from shared.wording import counted

OF_CLIPS = ("picture", "beauty")  # passes that may be a clip
CONTEXT = "context"  # stands for the layer in the words of an error
Key = tuple[str, str]  # (layer, pass); the context is ("", "labels")
Size = tuple[int, int]


class Probed(Protocol):
    """What a probe of a file must tell; sizes in pixels."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class FramesReport(Value):
    """What `check_frames` found. No `problems` means that every frame asked for is there and fits."""

    sequences: dict[Key, Sequence]  # (layer, pass); the context is ("", "labels")
    size: Size | None  # (width, height): the shot's, else of most label passes, else pictures; None if none can be read
    problems: list[SemrenderError]

    def words(self, most: int = 20) -> str:
        """The problems as lines; a long list ends in "and 212 more"."""
        lines = [str(problem) for problem in self.problems[:most]]
        left = len(self.problems) - most
        return "\n".join(lines + ([f"and {left} more"] if left > 0 else []))


def check_frames(
    shot: Shot,
    base: Path,
    probe: Callable[[Path], Probed],
    frames: Iterable[int] | None = None,
    found: Mapping[Key, Sequence] | None = None,
) -> FramesReport:
    """Look at every file that painting `frames` (default: all of them) would read, and name all faults.

    Args:
        base: the folder of the shot.
        found: passes whose files were listed already.
        probe: the size of a file; raises SemrenderError for a missing, truncated or unreadable one.

    The state of files raises nothing: passes that are not there, frames without a file, files that `probe`
    refuses and files of another size than the shot's become problems, grouped per pass and kind.
    """
    wanted = sorted(set(shot.frames if frames is None else frames))
    patterns: dict[Key, tuple[str | None, Beat]] = {("", "labels"): (shot.context, Beat(shot.rate, shot.first))}
    for layer in shot.layers:
        patterns.update({(layer.name, kind): (getattr(layer, kind), beat(shot, layer)) for kind in PASSES})
    sequences: dict[Key, Sequence] = dict(found or {})
    problems: list[SemrenderError] = []
    for key, (pattern, when) in patterns.items():
        try:
            if pattern is not None and key not in sequences:
                sequences[key] = find_pass(key[1], pattern, base, key[0] or CONTEXT, when)
        except SemrenderError as error:
            problems.append(error)

    asked = {key: _asked(one, wanted) for key, one in sequences.items()}
    looked = {path: _look(probe, path) for path in dict.fromkeys(p for some in asked.values() for p in some.values())}
    results = {key: {frame: looked[path] for frame, path in some.items()} for key, some in asked.items()}
    size, reason = _size(shot, results)
    for (name, kind), one in sequences.items():
        sizes = results[name, kind]
        wished = None if kind in OF_ANY_SIZE else size
        faults = _gaps(one, kind, wanted) + _unreadable(sizes, kind) + _other_sizes(sizes, kind, wished, reason)
        for fault in faults:
            if one.still:
                fault.frame = None  # it is every frame
            # The file of the one frame concerned, if there is one; else the pattern.
            every = base / one.pattern
            file = every if fault.frame is None else one.files.get(fault.frame, every)
            problems.append(fault.located(file=file, layer=name or CONTEXT))
    return FramesReport(sequences, size, problems)


def faults_by_frame(
    shot: Shot, base: Path, probe: Callable[[Path], Probed], report: FramesReport, frames: Iterable[int]
) -> Iterator[tuple[int, SemrenderError]]:
    """What `check_frames` says of each frame alone, as frame and fault; the size is the one that all of them gave.

    report: of these frames together.
    """
    if report.size is not None:
        shot = replace(shot, width=report.size[0], height=report.size[1])
    for frame in sorted(frames) if report.problems else ():
        for fault in check_frames(shot, base, probe, [frame], report.sequences).problems:
            yield frame, fault


def beat(shot: Shot, layer: ShotLayer) -> Beat:
    """How the clips of a layer lie in the shot."""
    start = shot.first if layer.clip_start is None else layer.clip_start
    return Beat(shot.rate, start, layer.deinterlace, layer.clip_end, None if layer.clip_end is None else shot.last)


def find_pass(kind: str, pattern: str, base: Path, layer: str, when: Beat) -> Sequence:
    """The files of a pass of a layer; of a reference one picture, whatever numbers are in its name.

    when: how the pass lies in the shot where it is a clip. Raises MissingInput or InputRefused.
    """
    if is_clip(pattern) and not (base / pattern).is_dir():
        if kind not in OF_CLIPS:
            raise no_clip(kind).located(file=base / pattern, layer=layer)
        from shared.passes.clip_pass import find_clip  # loads what decodes clips

        with in_words(base / pattern, layer):
            return find_clip(pattern, base, when)
    found = find_sequence(pattern, base, layer)
    if kind in OF_CLIPS and not found.still and when.last is not None:
        return _longer(found, when, when.last)
    if kind not in OF_ANY_SIZE:
        return found
    if len(found.files) > 1:
        raise InputRefused(
            f"the {kind} is a sequence of {len(found.files)} files", file=base / pattern, layer=layer, remedy="Name one"
        )
    return replace(found, still=True)


def _longer(found: Sequence, when: Beat, last: int) -> Sequence:
    """A sequence of files with what it shows behind its end, up to a frame."""
    count, files = found.last - found.first + 1, dict(found.files)
    for frame in range(found.last + 1, last + 1):
        shown = found.first + when.place(frame - found.first, count)
        if shown in found.files:
            files[frame] = found.files[shown]
    return replace(found, files=files, last=max(last, found.last))


def no_clip(kind: str) -> InputRefused:
    """The refusal of a clip as a pass that cannot be one."""
    if kind in OF_ANY_SIZE:
        return InputRefused(f"the {kind} is a clip", remedy="Name one picture; `semrender clip` writes a clip's frames")
    return InputRefused(
        f"a clip is no {'label' if kind == 'labels' else kind} pass",
        cause="What compresses a clip changes its values",
        remedy='Give numbered PNG or EXR files; a clip can be the "picture" of a layer',
    )


def _asked(sequence: Sequence, wanted: list[int]) -> dict[int, Path]:
    if sequence.still:
        return dict(sequence.files)
    return {frame: sequence.files[frame] for frame in wanted if frame in sequence.files}


def _look(probe: Callable[[Path], Probed], path: Path) -> Size | SemrenderError:
    try:
        found = probe(path)
        return found.width, found.height
    except SemrenderError as error:
        return error.located(file=path)
    except OSError as error:
        return InputRefused("the file cannot be read", file=path, cause=error.strerror or str(error))


def _size(shot: Shot, results: dict[Key, dict[int, Size | SemrenderError]]) -> tuple[Size | None, str]:
    """The size that every pass should have, and why."""
    if shot.width is not None and shot.height is not None:
        return (shot.width, shot.height), f"The shot is {shot.width}x{shot.height}"
    for kind, words in (("labels", "label"), ("picture", "picture")):
        found = (results[key].values() for key in results if key[1] == kind)
        counts = Counter(result for some in found for result in some if isinstance(result, tuple))
        if counts:
            size, count = counts.most_common(1)[0]
            return size, counted(
                count,
                f"of {counted(counts.total(), f'{words} frame')} of the shot is {size[0]}x{size[1]}",
                f"of {counts.total()} {words} frames of the shot are {size[0]}x{size[1]}",
            )
    return None, ""


def _gaps(sequence: Sequence, kind: str, wanted: list[int]) -> list[SemrenderError]:
    missing = [] if sequence.still else [frame for frame in wanted if frame not in sequence.files]
    if not missing:
        return []
    there = frames_text(_asked(sequence, wanted))
    cause, remedy = "", "Render them"
    if sequence.clip is not None:
        cause = f"The clip has frames {sequence.first}-{sequence.last}"
        remedy = "Correct first and last of the shot, or its clip_start"
        if missing[0] > sequence.last:
            remedy += '; "clip_end" (--clip-end) shows its last picture on, or all of it back and forth'
    elif len(sequence.files) == 1:
        cause = f"Only one file is there, frame {sequence.first}"
        remedy = "Write #### in place of the number; for a still, take the number out of the file name"
    elif not there:
        cause = f"The files are frames {frames_text(sequence.files)}"
        if not sequence.first < missing[0] < sequence.last:
            remedy = "Correct first and last of the shot, or the pattern"
    elif "more" not in there:
        remedy = f"Render them, or paint only what is there: --frames {there.replace(' ', '')}"
    return [
        MissingInput(
            f"the {kind} pass lacks {len(missing)} of {counted(len(wanted), 'frame')}: {frames_text(missing)}",
            frame=missing[0] if len(missing) == 1 else None,
            cause=cause,
            remedy=remedy,
        )
    ]


def _unreadable(found: dict[int, Size | SemrenderError], kind: str, most: int = 3) -> list[SemrenderError]:
    bad = [(frame, result) for frame, result in found.items() if isinstance(result, SemrenderError)]
    # Copies: two layers may share the file, and each names itself. (Not by `copy`, which Dask teaches another way.)
    faults = [from_dict(error.to_dict()).located(frame=frame) for frame, error in bad[:most]]
    if bad[most:]:
        rest = frames_text(frame for frame, _ in bad[most:])
        more = counted(len(bad) - most, "more file", "more files")
        what = f"{more} of the {kind} pass cannot be read: frames {rest}"
        faults.append(InputRefused(what, remedy="Render them again"))
    return faults


def _other_sizes(
    found: dict[int, Size | SemrenderError], kind: str, size: Size | None, reason: str
) -> list[SemrenderError]:
    def where(frames: list[int]) -> str:
        some = f" on {len(frames)} of {len(found)} frames: {frames_text(frames)}"
        return "" if len(frames) == len(found) else some

    other: dict[Size, list[int]] = defaultdict(list)
    for frame, result in found.items():
        if isinstance(result, tuple) and size is not None and result != size:
            other[result].append(frame)
    return [
        InputRefused(
            f"the {kind} pass is {width}x{height}{where(frames)}",
            frame=frames[0] if len(frames) == 1 else None,
            cause=reason,
            remedy="All passes of a shot have one size; render these again",
        )
        for (width, height), frames in other.items()
    ]
