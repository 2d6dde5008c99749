"""The sound of a shot: found before the first frame is painted, cut to the delivered frames at the end."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from inference_server.roots import inside
from inference_server.worker import outputs
from shared.delivery import DeliveryAudio, SoundFile
from shared.errors import DiskFull, SemrenderError
from shared.shot import Shot
from shared.sounds import RATE, Sound, probe_sound, seconds_of, sound_of_shot, write_wav
from shared.uids import sound_uids

FOLDER = "audio"  # in the output folder
SOUND_LABEL = 7  # a label colour of After Effects: sea foam, its own default for sound


def sound_of(shot: Shot, base: Path, roots: Sequence[str] | None) -> Sound | None:
    """The sound of a shot. Raises InputRefused for one outside the folders that may be touched."""
    return sound_of_shot(shot, lambda name: inside(base / name, roots))


def judge(shot: Shot, base: Path, roots: Sequence[str] | None) -> tuple[list[SemrenderError], str]:
    """What is wrong with a shot's sound, and what it is in words; empty where there is none."""
    try:
        sound = sound_of(shot, base, roots)
        return [], "" if sound is None else f"{sound.file.name} from frame {sound.start}: {probe_sound(sound.file)}"
    except SemrenderError as error:
        return [error], ""


def unheard(shot: Shot, sound: Sound) -> list[str]:
    """A warning where the sound that a model paints by goes on behind the last frame, by a frame or more."""
    rate = Fraction(*shot.rate)
    length, shown = seconds_of(sound.file), Fraction(shot.last + 1 - sound.start) / rate
    if length is None or length - shown < 1 / rate:
        return []
    return [
        f"the last {float(length - shown):.2f} seconds of {sound.file.name} are not heard: there are no more frames. "
        "For more, --clip-end says what the pictures show behind their end"
    ]


def deliver_sound(
    shot: Shot, base: Path, roots: Sequence[str] | None, uid: str, out: Path
) -> tuple[tuple[DeliveryAudio, ...], list[str]]:
    """Write the sound of the whole shot into the output folder, whichever of its frames are delivered.

    uid: of the shot. Returns what delivery.json says of it, and notes; a sound that cannot be read or written is one,
    since the paintings are there. Raises DiskFull, which is waited for.
    """
    path = out / FOLDER / f"{shot.name}.wav"
    try:
        sound = sound_of(shot, base, roots)
        if sound is None:
            return (), []
        outputs.make_folder(path.parent)
        with outputs.placing(path) as beside:
            heard = write_wav(beside, sound, shot.first, shot.last, Fraction(*shot.rate))
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except DiskFull:
        raise
    except (SemrenderError, OSError) as error:
        return (), [f"no sound was delivered: {error}"]
    layer, footage = sound_uids(uid)
    made = SoundFile(
        uid=footage,
        name=path.name,
        path=path.relative_to(out).as_posix(),
        rate=RATE,
        channels=heard.channels,
        bits=heard.bits,
        samples=heard.samples,
        start=shot.first,
        sha256=content,
    )
    silent = f"nothing of {sound.file.name} is heard in frames {shot.first}-{shot.last}: it begins on {sound.start}"
    return (DeliveryAudio(layer, f"{shot.name} sound", made, SOUND_LABEL),), [] if heard.heard else [silent]
