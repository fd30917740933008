"""Every block that a chain may be made of, by the name that model files carry.

The command line, the documentation, loading and the contract tests all read this one list; a new
block is one file in ``blocks/`` and one line here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from wetprint.blocks.amplitude_modulation import (
    AmplitudeModulation,
    AmplitudeModulationConfig,
)
from wetprint.blocks.biquads import Biquads, BiquadsConfig
from wetprint.blocks.block import Block
from wetprint.blocks.compressor import Compressor, CompressorConfig
from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.crossfaded_delay import CrossfadedDelay, CrossfadedDelayConfig
from wetprint.blocks.delay import Delay, DelayConfig
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.blocks.envelope_filter import EnvelopeFilter, EnvelopeFilterConfig
from wetprint.blocks.film_dilated import FilmDilated, FilmDilatedConfig
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.blocks.high_pass import HighPass, HighPassConfig
from wetprint.blocks.modulated_delay import ModulatedDelay, ModulatedDelayConfig
from wetprint.blocks.moving_fir import MovingFir, MovingFirConfig
from wetprint.blocks.mu_law_wavenet import MuLawWaveNet, MuLawWaveNetConfig
from wetprint.blocks.octave_divider import OctaveDivider, OctaveDividerConfig
from wetprint.blocks.periodic_filter import PeriodicFilter, PeriodicFilterConfig
from wetprint.blocks.phaser import Phaser, PhaserConfig
from wetprint.blocks.pitch_shifter import PitchShifter, PitchShifterConfig
from wetprint.blocks.power import Power, PowerConfig
from wetprint.blocks.recurrent import Gru, Lstm, RecurrentConfig
from wetprint.blocks.state_space import StateSpace, StateSpaceConfig
from wetprint.blocks.wavenet import WaveNet, WaveNetConfig
from wetprint.blocks.waveshaper import Waveshaper, WaveshaperConfig
from wetprint.blocks.window_cnn import WindowCnn, WindowCnnConfig
from wetprint.errors import nearest_names
from wetprint.models.chain import Chain
from wetprint.models.echo import Echo, EchoConfig
from wetprint.models.parallel import Parallel

PARALLEL = "parallel"
"""Made of chains; its config lists them, block by block."""

ECHO = "echo"
"""Made of two chains, which its config lists beside the length of the line."""

NESTED = (PARALLEL, ECHO)

MOST_BLOCKS = 256
"""In one chain."""

MOST_BRANCHES = 16

DEEPEST_NESTING = 4
"""Of chains within chains; a file from a stranger may not go deeper."""


@dataclass(frozen=True)
class BlockKind:
    """How a kind of block is named, configured and built."""

    name: str
    summary: str
    config: type
    block: type[Block]


BLOCKS: dict[str, BlockKind] = {
    kind.name: kind
    for kind in (
        BlockKind("gain", "a factor for each channel", GainConfig, Gain),
        BlockKind("delay", "a fixed delay of whole samples", DelayConfig, Delay),
        BlockKind("fir", "an impulse response", FirConfig, Fir),
        BlockKind("dilated", "dilated convolutions (WaveNet, TCN)", DilatedConfig, Dilated),
        BlockKind("power", "a whole power of the signal", PowerConfig, Power),
        BlockKind(
            "film_dilated",
            "dilated convolutions modulated by what was heard before (temporal FiLM)",
            FilmDilatedConfig,
            FilmDilated,
        ),
        BlockKind("waveshaper", "a static curve", WaveshaperConfig, Waveshaper),
        BlockKind("biquads", "second-order sections (parametric filters)", BiquadsConfig, Biquads),
        BlockKind("high_pass", "a first-order high-pass", HighPassConfig, HighPass),
        BlockKind(
            "pitch_shifter", "a phase vocoder that shifts pitch", PitchShifterConfig, PitchShifter
        ),
        BlockKind(
            "amplitude_modulation",
            "a gain that follows an LFO",
            AmplitudeModulationConfig,
            AmplitudeModulation,
        ),
        BlockKind("compressor", "a gain that follows the level", CompressorConfig, Compressor),
        BlockKind(
            "crossfaded_delay",
            "a delay that fades from one length to the next, after an LFO (vibrato, tape)",
            CrossfadedDelayConfig,
            CrossfadedDelay,
        ),
        BlockKind(
            "envelope_filter",
            "a filter whose cutoff follows the level (auto-wah)",
            EnvelopeFilterConfig,
            EnvelopeFilter,
        ),
        BlockKind("lstm", "recurrent layers (LSTM)", RecurrentConfig, Lstm),
        BlockKind("gru", "recurrent layers (GRU)", RecurrentConfig, Gru),
        BlockKind(
            "modulated_delay",
            "a delay that follows an LFO (chorus, flanger, vibrato)",
            ModulatedDelayConfig,
            ModulatedDelay,
        ),
        BlockKind(
            "moving_fir", "an impulse response that moves in a cycle", MovingFirConfig, MovingFir
        ),
        BlockKind(
            "mu_law_wavenet",
            "a WaveNet that chooses among the steps of a mu-law scale",
            MuLawWaveNetConfig,
            MuLawWaveNet,
        ),
        BlockKind(
            "octave_divider",
            "flip-flops that turn every other wave over",
            OctaveDividerConfig,
            OctaveDivider,
        ),
        BlockKind("phaser", "allpass stages that an LFO moves", PhaserConfig, Phaser),
        BlockKind(
            "periodic_filter",
            "responses that an LFO blends",
            PeriodicFilterConfig,
            PeriodicFilter,
        ),
        BlockKind(
            "state_space",
            "diagonal state spaces between linear mixes (S4D)",
            StateSpaceConfig,
            StateSpace,
        ),
        BlockKind("wavenet", "Neural Amp Modeler's WaveNet", WaveNetConfig, WaveNet),
        BlockKind(
            "window_cnn",
            "convolutions and max-pooling that predict each sample from a window",
            WindowCnnConfig,
            WindowCnn,
        ),
    )
}


def block_name(block: Block) -> str:
    """Return the name under which a block is known.

    Raises:
        KeyError: the block's class is not registered.
    """
    if isinstance(block, Parallel):
        return PARALLEL
    if isinstance(block, Echo):
        return ECHO
    return next(kind.name for kind in BLOCKS.values() if kind.block is type(block))


def describe_block(block: Block) -> tuple[str, str]:
    """Return a block's name and, in words, what it is and how it is set."""
    name = block_name(block)
    if isinstance(block, Parallel):
        branches = [_arrows(branch) for branch in block]
        return name, f"chains side by side, added up: {' + '.join(branches)}"
    if isinstance(block, Echo):
        return name, (
            f"a delay line; delay samples {block.config.delay_samples}, "
            f"heard through {_arrows(block.playback)}, fed back through {_arrows(block.feedback)}"
        )
    settings = [
        f"{field.name.replace('_', ' ')} {_in_words(getattr(block.config, field.name))}"
        for field in dataclasses.fields(block.config)
    ]
    return name, f"{BLOCKS[name].summary}; {', '.join(settings)}"


def _arrows(chain: Chain) -> str:
    return " → ".join(block_name(each) for each in chain)


def _in_words(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def block_to_dict(block: Block) -> dict[str, Any]:
    """Describe how to build a block, without its weights, as plain JSON values."""
    if isinstance(block, Parallel):
        return {"block": PARALLEL, "config": {"branches": [chain_to_list(each) for each in block]}}
    if isinstance(block, Echo):
        chains = {
            "playback": chain_to_list(block.playback),
            "feedback": chain_to_list(block.feedback),
        }
        return {"block": ECHO, "config": {**dataclasses.asdict(block.config), **chains}}
    return {"block": block_name(block), "config": dataclasses.asdict(block.config)}


def chain_to_list(chain: Chain) -> list[dict[str, Any]]:
    """Describe how to build a chain, block by block; the reverse of chain_from_list."""
    return [block_to_dict(each) for each in chain]


def chain_from_list(descriptions: object, depth: int = 0) -> Chain:
    """Build a chain from the descriptions of its blocks.

    Raises:
        ValueError: not a list of block descriptions, too many, or nested too deeply.
    """
    if not isinstance(descriptions, list) or not 1 <= len(descriptions) <= MOST_BLOCKS:
        raise ValueError(f"a chain is a list of 1 to {MOST_BLOCKS} blocks")
    return Chain(block_from_dict(each, depth) for each in descriptions)


def block_from_dict(description: object, depth: int = 0) -> Block:
    """Build a block from its description; the reverse of block_to_dict.

    Args:
        description: as block_to_dict returns it.
        depth: how many chains within chains it lies in.

    Raises:
        ValueError: the description is not of that form, or a value is out of range.
    """
    if not isinstance(description, dict) or set(description) != {"block", "config"}:
        raise ValueError(f"a block is described by 'block' and 'config', got {description!r:.200}")
    name, values = description["block"], description["config"]
    if name in NESTED and depth >= DEEPEST_NESTING:
        raise ValueError(f"chains within chains may be nested {DEEPEST_NESTING} deep, got more")
    if name == PARALLEL:
        return _parallel_from_dict(values, depth)
    if name == ECHO:
        return _echo_from_dict(values, depth)
    if name not in BLOCKS:
        raise ValueError(f"there is no block '{name!s:.100}'{nearest_names(str(name), BLOCKS)}")
    kind = BLOCKS[name]
    if not isinstance(values, dict):
        raise ValueError(f"the config of block '{name}' must be an object, got {values!r:.200}")
    fields = {field.name for field in dataclasses.fields(kind.config)}
    for key in values:
        if key not in fields:
            known = nearest_names(str(key), fields)
            raise ValueError(f"block '{name}' has no setting '{key!s:.100}'{known}")
    tuples = {key: tuple(each) if isinstance(each, list) else each for key, each in values.items()}
    try:
        return kind.block(kind.config(**tuples))
    except TypeError as error:
        raise ValueError(f"the config of block '{name}' does not fit: {error}") from error


def _parallel_from_dict(values: object, depth: int) -> Parallel:
    branches = values.get("branches") if isinstance(values, dict) else None
    if not isinstance(branches, list) or not 1 <= len(branches) <= MOST_BRANCHES:
        raise ValueError(f"the config of block '{PARALLEL}' lists 1 to {MOST_BRANCHES} 'branches'")
    return Parallel(chain_from_list(each, depth + 1) for each in branches)


def _echo_from_dict(values: object, depth: int) -> Echo:
    settings = {"delay_samples", "playback", "feedback"}
    if not isinstance(values, dict) or set(values) != settings:
        raise ValueError(
            f"the config of block '{ECHO}' has {sorted(settings)}, got {values!r:.200}"
        )
    playback, feedback = (
        chain_from_list(values[each], depth + 1) for each in ("playback", "feedback")
    )
    return Echo(EchoConfig(values["delay_samples"]), playback, feedback)
