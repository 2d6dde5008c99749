"""What Wav2Lip hears: a mel spectrogram, as its authors computed theirs.

80 columns a second of 80 bands between 55 and 7600 Hz, in decibels brought to -4..4. The scale of the bands is that of
Slaney's Auditory Toolbox (1998): even below 1 kHz, logarithmic above, each band of the same area.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

RATE = 16000  # samples a second
HOP, WINDOW = 200, 800  # samples
COLUMNS_A_SECOND = RATE // HOP
BANDS, LOWEST, HIGHEST = 80, 55.0, 7600.0  # hertz
FLOOR, REFERENCE, RANGE = 1e-5, 20.0, 100.0  # of the amplitude; decibels
REACH = 4.0  # of the values
LINEAR = 200 / 3  # hertz a step of the scale below the break, which is at 1 kHz
STEP = math.log(6.4) / 27  # of a frequency's logarithm above
TAPS, BETA, CUTOFF = 96, 8.0, 7800.0  # to each side; of the Kaiser window; hertz
BLOCK = 3 << 18  # samples that are filtered at a time

Mel = NDArray[np.float32]  # (BANDS, columns)


def mel_of(samples: NDArray[np.float32]) -> Mel:
    """The spectrogram (80, 1 + n // 200) of a sound (n,) at 16 kHz, -1..1; column t is centred on sample 200 t."""
    if len(samples) == 0:
        return np.full((BANDS, 1), -REACH, np.float32)
    exact = samples.astype(np.float64)
    sharper = np.append(exact[:1], exact[1:] - 0.97 * exact[:-1])
    padded = np.pad(sharper, WINDOW // 2, mode="reflect" if len(samples) > WINDOW // 2 else "constant")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]  # (columns, WINDOW)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    bands = slaney(BANDS, WINDOW, LOWEST, HIGHEST)
    loud = np.concatenate(  # a minute at a time: the spectrum is six times as large as the sound
        [bands @ np.abs(np.fft.rfft(part * window)).T for part in np.array_split(frames, 1 + len(frames) // 4800)], 1
    )
    decibels = 20 * np.log10(np.maximum(FLOOR, loud)) - REFERENCE
    return np.asarray(np.clip(2 * REACH * (decibels + RANGE) / RANGE - REACH, -REACH, REACH), np.float32)


def shrunk(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """A sound (n,) at 48 kHz at 16: its highest third taken away without delay, then every third sample."""
    taps = np.sinc(np.arange(-TAPS, TAPS + 1) * 2 * CUTOFF / (3 * RATE)) * np.kaiser(2 * TAPS + 1, BETA)
    taps /= taps.sum()
    blocks = []
    padded = np.pad(samples, TAPS)
    for start in range(0, len(samples), BLOCK):
        part = padded[start : start + BLOCK + 2 * TAPS].astype(np.float64)
        blocks.append(np.convolve(part, taps, "valid")[::3].astype(np.float32))
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def slaney(bands: int, window: int, lowest: float, highest: float) -> NDArray[np.float64]:
    """(bands, 1 + window // 2): how much of each frequency of a spectrum is in each band between two, in hertz."""
    low, high = scale(np.array([lowest, highest])).tolist()
    edges = hertz(np.linspace(low, high, bands + 2))
    bins = np.arange(1 + window // 2) * RATE / window
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def scale(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    above = 15 + np.log(np.maximum(frequency, 1000) / 1000) / STEP
    return np.where(frequency < 1000, frequency / LINEAR, above)


def hertz(place: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(place < 15, place * LINEAR, 1000 * np.exp(STEP * (place - 15)))


def heard(mel: Mel, frame: int, fps: Fraction, columns: int, later: float = 0.0) -> Mel:
    """(80, columns) from a frame's moment on, `later` seconds after it; silence beyond the ends of the sound.

    frame: counted from the sound's beginning, below 0 before it.
    """
    first = math.floor((frame / fps + Fraction(later)) * COLUMNS_A_SECOND)
    found = np.full((BANDS, columns), -REACH, np.float32)
    start, end = max(first, 0), min(first + columns, mel.shape[1])
    if start < end:
        found[:, start - first : end - first] = mel[:, start:end]
    return found
