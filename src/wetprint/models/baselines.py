"""The field's own networks, to be compared with: what others play, trained by our loop.

Each ends in what its authors end in, with no impulse response behind it. ``auto`` never chooses
them. What is learned comes at unit loudness (``learning/entrant.py``), where their authors have
theirs as recorded or at -18 dBFS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wetprint.blocks.recurrent import Lstm, RecurrentConfig
from wetprint.blocks.state_space import StateSpace, StateSpaceConfig
from wetprint.blocks.wavenet import WaveNet, WaveNetArray, WaveNetConfig
from wetprint.models.chain import Chain

if TYPE_CHECKING:
    from wetprint.models.recipes import KnownEffect

NAM_LOUDNESS = 10.0 ** (-18.0 / 20.0)
"""RMS amplitude that Neural Amp Modeler's trainer brings wet signals to."""


def channels_of(known: KnownEffect) -> tuple[int, int]:
    """Return an effect's channels in and out."""
    channels_out, channels_in, _ = known.response.shape
    return channels_in, channels_out


def build_nam(known: KnownEffect) -> Chain:
    """Return Neural Amp Modeler's standard WaveNet.

    Two arrays of ten layers, 16 and 8 channels wide, kernels of 3, dilations 1 to 512, tanh. The
    scale of its head, 0.02 for wet signals at -18 dBFS, is brought to unit loudness, and is trained
    here, which it is not there.
    """
    channels_in, channels_out = channels_of(known)
    arrays = (WaveNetArray(16, 8), WaveNetArray(8, channels_out, head_bias=True))
    network = WaveNet(WaveNetConfig(arrays, channels_in))
    network.head_scale.data.div_(NAM_LOUDNESS)
    return Chain([network])


def build_lstm40(known: KnownEffect) -> Chain:
    """Return 40 recurrent units, mixed down beside the dry signal: Proteus, and AIDA-X's largest.

    Their skip has a gain of one; here it is trained, since the wet signal comes at unit loudness.
    """
    channels_in, channels_out = channels_of(known)
    return Chain([Lstm(RecurrentConfig(40, channels_in, channels_out))])


def build_s4(known: KnownEffect) -> Chain:
    """Return NablAFx's S4-L: 8 layers, 16 channels, 32 pairs of modes, 19k parameters."""
    channels_in, channels_out = channels_of(known)
    return Chain([StateSpace(StateSpaceConfig(16, 32, 8, channels_in, channels_out, skip=False))])


def build_s4_small(known: KnownEffect) -> Chain:
    """Return NablAFx's S4-S: 4 layers, 16 channels, 4 pairs of modes, 2.4k parameters."""
    channels_in, channels_out = channels_of(known)
    return Chain([StateSpace(StateSpaceConfig(16, 4, 4, channels_in, channels_out, skip=False))])
