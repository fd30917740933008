"""The field's own networks, to be compared with: what others play, trained by our loop.

Each ends in what its authors end in, with no impulse response behind it. ``auto`` never chooses
them. What is learned comes at unit loudness (``learning/entrant.py``), where their authors have
theirs as recorded or at -18 dBFS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wetprint.blocks.film_dilated import FilmDilated, FilmDilatedConfig
from wetprint.blocks.mu_law_wavenet import MuLawWaveNet, MuLawWaveNetConfig
from wetprint.blocks.recurrent import Lstm, RecurrentConfig
from wetprint.blocks.state_space import StateSpace, StateSpaceConfig
from wetprint.blocks.wavenet import WaveNet, WaveNetArray, WaveNetConfig
from wetprint.blocks.window_cnn import WindowCnn, WindowCnnConfig
from wetprint.models.chain import Chain

if TYPE_CHECKING:
    from wetprint.models.recipes import KnownEffect

NAM_LOUDNESS = 10.0 ** (-18.0 / 20.0)
"""RMS amplitude that Neural Amp Modeler's trainer brings wet signals to."""


LOUDEST_AT_UNIT_LOUDNESS = 8.0
"""Where the mu-law scale ends: 18 dB above the RMS amplitude, as plucked strings peak."""


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


def build_s4_film(known: KnownEffect) -> Chain:
    """Return NablAFx's S4-TF-L: S4-L with temporal FiLM in blocks of 128 samples, 70k parameters.

    There a block is modulated by itself, here by those before it: wetprint.blocks.temporal_film.
    """
    channels_in, channels_out = channels_of(known)
    shape = StateSpaceConfig(16, 32, 8, channels_in, channels_out, skip=False, film_samples=128)
    return Chain([StateSpace(shape)])


def build_film_dilated(known: KnownEffect) -> Chain:
    """Return gated dilated convolutions with temporal FiLM, after NablAFx's GCN-TF; sizes are ours.

    10 layers of 16 channels, dilations 1 to 512, blocks of 128 samples.
    """
    channels_in, channels_out = channels_of(known)
    dilations = tuple(2**octave for octave in range(10))
    shape = FilmDilatedConfig(16, 3, dilations, "gated", 128, channels_in, channels_out)
    return Chain([FilmDilated(shape)])


def build_cnn2(known: KnownEffect) -> Chain:
    """Return the study's first network: 2 convolutions with ReLU and max-pooling, 2 layers behind.

    As there: one sample is predicted from the window that ends with it, and what the layers are.
    Ours: how many filters and units, kernels of 5, a window of 128 samples; that training draws
    stretches of samples in a row, whose windows share their work; that weights are drawn as large
    as ReLU needs them (He et al. 2015, arXiv:1502.01852), or six layers hardly begin to learn; and
    the loss of all our training.
    """
    channels_in, channels_out = channels_of(known)
    shape = WindowCnnConfig((16, 32), 5, 1, 29, (64,), channels_in, channels_out)
    return Chain([WindowCnn(shape)])


def build_cnn6(known: KnownEffect) -> Chain:
    """Return the study's second network: 6 convolutions, 3 layers behind; see ``build_cnn2``.

    Ours, too: pooling after every second convolution, and a window of 256 samples.
    """
    channels_in, channels_out = channels_of(known)
    shape = WindowCnnConfig((8, 8, 16, 16, 32, 32), 5, 2, 25, (32, 16), channels_in, channels_out)
    return Chain([WindowCnn(shape)])


def build_study_lstm(known: KnownEffect) -> Chain:
    """Return the study's stacked LSTM: 7 layers of 800 units, 33 million weights.

    As there: the layers, and that it is fed in order, X seconds from each place before it jumps to
    a new one. Ours: how long X is, and that the state before a segment comes from hearing what lies
    before it instead of being carried over. A processor takes hours to judge it once.
    """
    channels_in, channels_out = channels_of(known)
    return Chain([Lstm(RecurrentConfig(800, channels_in, channels_out, skip=False, layers=7))])


def build_study_lstm_small(known: KnownEffect) -> Chain:
    """Return the same at a size that can be trained: 2 layers of 32 units, fed alike."""
    channels_in, channels_out = channels_of(known)
    return Chain([Lstm(RecurrentConfig(32, channels_in, channels_out, skip=False, layers=2))])


def build_study_wavenet(known: KnownEffect) -> Chain:
    """Return the study's WaveNet: a softmax over 256 mu-law steps, trained by cross entropy.

    As there: the steps, and gated dilated convolutions. Ours: that it hears the dry signal only, so
    that nothing need be played before it to train it (no teacher forcing) and samples can be
    computed together; that it plays the mean of what it holds likely; and its size.
    """
    channels_in, channels_out = channels_of(known)
    shape = MuLawWaveNetConfig(
        reach=LOUDEST_AT_UNIT_LOUDNESS, channels_in=channels_in, channels_out=channels_out
    )
    return Chain([MuLawWaveNet(shape)])


BASELINES = (
    ("nam", "Neural Amp Modeler's standard WaveNet", build_nam, {}),
    ("lstm40", "40 LSTM units and the dry signal (Proteus, AIDA-X)", build_lstm40, {}),
    ("s4", "diagonal state spaces, NablAFx's S4-L", build_s4, {}),
    ("s4_small", "diagonal state spaces, NablAFx's S4-S", build_s4_small, {}),
    ("s4_film", "diagonal state spaces with temporal FiLM, NablAFx's S4-TF-L", build_s4_film, {}),
    ("film_dilated", "gated dilated convolutions with temporal FiLM", build_film_dilated, {}),
    ("cnn2", "the study's window CNN of 2 convolutions", build_cnn2, {"learning_rate": 2e-3}),
    ("cnn6", "the study's window CNN of 6 convolutions", build_cnn6, {"learning_rate": 2e-3}),
    (
        "study_lstm",
        "the study's LSTM, 7 layers of 800 units, fed in order",
        build_study_lstm,
        {"order": "sequential", "learning_rate": 1e-3, "batch": 4, "segment_samples": 1024},
    ),
    (
        "study_lstm_small",
        "the same with 2 layers of 32 units",
        build_study_lstm_small,
        {"order": "sequential"},
    ),
    (
        "study_wavenet",
        "the study's WaveNet, which chooses among 256 mu-law steps",
        build_study_wavenet,
        {"loss": "cross_entropy"},
    ),
)
"""Name, summary, builder, and what of the training is its own; see ``Recipe``."""
