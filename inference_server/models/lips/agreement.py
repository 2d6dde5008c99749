"""Whether a mouth follows a sound: how far it opens on every frame against how loud it is then. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from inference_server.models.lips.mel import HOP, RATE
from shared.values import Value
from shared.wording import counted

SMOOTHED = 4.0  # hertz, above which nothing of the loudness is kept: syllables come no faster
QUIET = 0.003  # of full scale, rms: -50 dB, below which nothing is heard
LAGS = 10  # frames to each side
FEWEST = 24  # frames with a mouth of which anything is said
ALIKE = 0.3  # a correlation, below which nobody sees a mouth follow
LEAST_OPEN, LEAST_LOUD = 0.002, 1e-4  # standard deviations of what changes at all: heights of a face, of full scale

Curve = NDArray[np.float64]


class Agreement(Value):
    """How the mouth follows: `lag` frames after the sound (below zero: before), where they agree best; correlation."""

    lag: int
    correlation: float

    @property
    def words(self) -> str:
        if self.correlation < ALIKE:
            return f"the mouth hardly follows the sound (correlation {self.correlation:.2f} at best)"
        way = "with" if self.lag == 0 else f"{counted(abs(self.lag), 'frame')} {'behind' if self.lag > 0 else 'before'}"
        return f"the mouth opens {way} the sound (correlation {self.correlation:.2f})"


def envelope(samples: NDArray[np.float32]) -> Curve:
    """(T,) rms of a sound at 16 kHz, a value a column of its spectrogram (80 a second), smoothed without delay."""
    whole = np.pad(samples.astype(np.float64), (HOP // 2, HOP // 2 + (-len(samples)) % HOP))
    power = (whole**2)[: len(whole) // HOP * HOP].reshape(-1, HOP).mean(1)
    deviation = np.sqrt(np.log(2)) / (2 * np.pi * SMOOTHED) * RATE / HOP  # columns, of the Gaussian
    reach = int(np.ceil(3 * deviation))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    smoothed: Curve = np.convolve(np.pad(power, reach), weights / weights.sum(), "valid")
    return np.asarray(np.sqrt(smoothed), np.float64)


def at_frames(loud: Curve, moments: NDArray[np.int64] | Curve, fps: Fraction) -> Curve:
    """(N,) how loud it is in the middle of frames of the sound; silence beyond its ends."""
    columns = (moments + 0.5) * float(RATE / HOP / fps)
    return np.interp(columns, np.arange(len(loud)), loud, left=0.0, right=0.0)


def agreement(opening: Sequence[float | None], loud: Sequence[float]) -> Agreement | None:
    """Of frames in a row how far the mouth opens, None where none was made, and how loud each is.

    None where there are fewer than FEWEST, or one of both hardly changes.
    """
    known = np.array([value is not None for value in opening])
    mouth, sound = np.array([value or 0.0 for value in opening]), np.array(loud, np.float64)
    found = [(_alike(mouth, sound, known, lag), lag) for lag in range(-LAGS, LAGS + 1)]
    if known.sum() < FEWEST or mouth[known].std() < LEAST_OPEN or sound[known].std() < LEAST_LOUD:
        return None
    best, lag = max(found, key=lambda one: (one[0], -abs(one[1])))
    return Agreement(lag, round(best, 3))


def _alike(mouth: Curve, sound: Curve, known: NDArray[np.bool_], lag: int) -> float:
    """The correlation (Pearson's) of the mouth with the sound `lag` frames before it."""
    here = np.flatnonzero(known)
    here = here[(here - lag >= 0) & (here - lag < len(sound))]
    if len(here) < FEWEST // 2:
        return -1.0
    one, other = mouth[here] - mouth[here].mean(), sound[here - lag] - sound[here - lag].mean()
    return float((one @ other) / max(np.sqrt((one @ one) * (other @ other)), 1e-12))
