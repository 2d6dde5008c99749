"""The generator of Wav2Lip: a face whose lower half is hidden, and a fifth of a second of sound, become the face.

Written from the layout of the published weights; "A Lip Sync Expert Is All You Need for Speech to Lip Generation In the
Wild" (Prajwal, Mukhopadhyay, Namboodiri, Jawahar, ACM Multimedia 2020, arXiv 2008.10010). The names of the modules are
those of the checkpoints, so that they fit by name. Sizes in comments: N pictures, C channels, s x s pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inference_server.models.base import fitting

FACE = 96  # pixels a side of the face that goes in and comes out
COLUMNS, BANDS = 16, 80  # of the sound that goes in: a column is 1/80 second


class Block(nn.Module):
    """A convolution, normalised, with its input added where nothing changes its shape (`same`), rectified."""

    def __init__(self, conv: nn.Module, outer: int, same: bool = False) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(conv, nn.BatchNorm2d(outer))
        self.same = same

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_block(x)
        return torch.relu(y + x if self.same else y)


def conv(inner: int, outer: int, kernel: int = 3, stride: int | tuple[int, int] = 1, padding: int = 1) -> Block:
    return Block(nn.Conv2d(inner, outer, kernel, stride, padding), outer)


def same(channels: int) -> Block:
    return Block(nn.Conv2d(channels, channels, 3, 1, 1), channels, same=True)


def up(inner: int, outer: int) -> Block:  # (N, C, s, s) -> (N, C', 2s, 2s)
    return Block(nn.ConvTranspose2d(inner, outer, 3, 2, 1, 1), outer)


def listens() -> nn.Sequential:  # (N, 1, 80, 16) -> (N, 512, 1, 1)
    return nn.Sequential(
        *(conv(1, 32), same(32), same(32)),
        *(conv(32, 64, stride=(3, 1)), same(64), same(64)),
        *(conv(64, 128, stride=3), same(128), same(128)),
        *(conv(128, 256, stride=(3, 2)), same(256)),
        *(conv(256, 512, padding=0), conv(512, 512, 1, padding=0)),
    )


def looks() -> nn.ModuleList:  # (N, 6, 96, 96) -> seven pictures of features, 96 ... 3, 1 pixels a side
    return nn.ModuleList(
        [
            nn.Sequential(conv(6, 16, 7, padding=3)),
            nn.Sequential(conv(16, 32, stride=2), same(32), same(32)),
            nn.Sequential(conv(32, 64, stride=2), same(64), same(64), same(64)),
            nn.Sequential(conv(64, 128, stride=2), same(128), same(128)),
            nn.Sequential(conv(128, 256, stride=2), same(256), same(256)),
            nn.Sequential(conv(256, 512, stride=2), same(512)),
            nn.Sequential(conv(512, 512, padding=0), conv(512, 512, 1, padding=0)),
        ]
    )


def paints() -> nn.ModuleList:  # each takes what came before it, and beside it what was seen at that size
    first = Block(nn.ConvTranspose2d(1024, 512, 3, 1, 0), 512)
    return nn.ModuleList(
        [
            nn.Sequential(conv(512, 512, 1, padding=0)),
            nn.Sequential(first, same(512)),
            nn.Sequential(up(1024, 512), same(512), same(512)),
            nn.Sequential(up(768, 384), same(384), same(384)),
            nn.Sequential(up(512, 256), same(256), same(256)),
            nn.Sequential(up(320, 128), same(128), same(128)),
            nn.Sequential(up(160, 64), same(64), same(64)),
        ]
    )


class Wav2Lip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks = looks()
        self.audio_encoder = listens()
        self.face_decoder_blocks = paints()
        self.output_block = nn.Sequential(conv(80, 32), nn.Conv2d(32, 3, 1))

    def forward(self, mel: Tensor, face: Tensor) -> Tensor:
        """The faces (N, 3, 96, 96), blue green red, 0..1.

        mel: (N, 1, 80, 16) from the moment of the picture on. face: (N, 6, 96, 96), 0..1: three channels, blue green
        red, with the lower half 0, and three of a face of the same person, whole.
        """
        seen = []
        x = face
        for block in self.face_encoder_blocks:
            x = block(x)
            seen.append(x)
        x = self.audio_encoder(mel)  # (N, 512, 1, 1)
        for block, features in zip(self.face_decoder_blocks, reversed(seen), strict=True):
            x = torch.cat([block(x), features], 1)
        picture: Tensor = torch.sigmoid(self.output_block(x))  # (N, 80, 96, 96) -> (N, 3, 96, 96)
        return picture


def filled(state: Mapping[str, Tensor], source: str) -> Wav2Lip:
    """The network with these weights, whose memory it shares. Raises ModelRefused."""
    with torch.device("meta"):
        net = Wav2Lip()
    net.load_state_dict(fitting(net, state, source), strict=False, assign=True)
    return net.eval().requires_grad_(False)


def folded(net: Wav2Lip) -> Wav2Lip:
    """The same network with its normalisation in the weights of its convolutions, which computes less."""
    for block in net.modules():
        if isinstance(block, Block):
            convolution: Any = block.conv_block[0]
            norm: Any = block.conv_block[1]
            turned = isinstance(convolution, nn.ConvTranspose2d)
            block.conv_block = nn.Sequential(fuse_conv_bn_eval(convolution, norm, turned))
    return net
