"""How long a processor takes to teach a generator: reckoned before it begins, from the multiplications."""

from __future__ import annotations

from inference_server.models.stylegan.settings import StyleGan2Config
from inference_server.training.clock import duration
from shared.errors import InputRefused

PASSES = 13  # forward passes' worth of generator or discriminator that a real picture costs in training
PER_SECOND = (
    25e9  # multiplications of one thread, measured on a processor with AVX-512; others take up to twice as long
)
SOON = 100_000  # pictures after which simple things of 64 pixels are known for what they are
MOST = 30 * 86400  # seconds for these, beyond which nobody waits


def multiplications(config: StyleGan2Config) -> int:
    """Of one picture, painted once."""
    count = 0
    for r in config.sizes:
        outer = config.channels[str(r)]
        count += r * r * outer * (outer * 9 + 3)
        if r > 4:
            inner = config.channels[str(r // 2)]
            count += (r // 2) ** 2 * inner * outer * 9
    return count


def seconds(config: StyleGan2Config, pictures: int, threads: int) -> float:
    return pictures * PASSES * multiplications(config) / (PER_SECOND * threads)


def say_honestly(config: StyleGan2Config, threads: int) -> str:
    """How long it will take, in words. Raises InputRefused where nobody would wait for it."""
    needed = seconds(config, SOON, threads)
    size = f"{config.resolution}x{config.resolution}"
    about = f"{SOON // 1000} thousand pictures of {size} take about {duration(needed)} on this processor"
    if needed > MOST:
        raise InputRefused(
            "this network is too large to be taught by a processor",
            cause=about[0].upper() + about[1:],
            remedy="Train on a GPU, or begin a new network with a smaller --size",
        )
    return about + ", and that is where simple things become recognisable; difficult ones take ten times as many"
