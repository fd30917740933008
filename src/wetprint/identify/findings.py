"""What is found of a box: the parts of an Identification, all of plain numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Voice:
    """A tap that moves.

    Attributes:
        side: of the wet signal, from 0.
        delay_ms: mean of its trajectory.
        depth_ms: from the middle to the farthest.
        feedback: -1 to 1.
        shape: of the trajectory, a word; see wetprint.identify.turn.
        trajectory_ms: its delay over one turn of the LFO, at equal steps.
    """

    side: int
    delay_ms: float
    depth_ms: float
    feedback: float
    shape: str
    trajectory_ms: tuple[float, ...]


@dataclass(frozen=True)
class Turn:
    """What moves without a delay of its own, over one turn of the LFO, at equal steps.

    Attributes:
        gain_db: of each side; empty where it is not a gain that moves.
        gain_shape: of the first side's curve, a word; empty likewise.
        notches_hz: for each step the frequencies that are cancelled; empty where none are.
    """

    gain_db: tuple[tuple[float, ...], ...] = ()
    gain_shape: str = ""
    notches_hz: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Response:
    """The best fixed filter.

    Attributes:
        hz: third-octave bands.
        gain_db: mean gain in each, for each side.
        decay_octaves_hz: octaves in which decay was looked at.
        decay_seconds: for 60 dB (T20), None where the response is over at once or too noisy.
    """

    hz: tuple[float, ...]
    gain_db: tuple[tuple[float, ...], ...]
    decay_octaves_hz: tuple[float, ...]
    decay_seconds: tuple[float | None, ...]


@dataclass(frozen=True)
class Repeats:
    """What plays again later.

    Attributes:
        delay_ms: when it first does.
        heads: how many times before anything returns a second time.
        feedback: amplitude of one repeat beside the one before; 0 where it plays once.
        loop_octaves_hz: octaves in which the loop was looked at.
        loop_gain_db: gain of one round in each, beside the loudest; empty where it plays once.
        saturates: whether repeats of loud playing differ from those of soft; None where unknown.
    """

    delay_ms: float
    heads: int
    feedback: float
    loop_octaves_hz: tuple[float, ...]
    loop_gain_db: tuple[float, ...]
    saturates: bool | None

    @property
    def is_filtered(self) -> bool:
        """Whether the loop treats frequencies differently."""
        return max(self.loop_gain_db, default=0.0) - min(self.loop_gain_db, default=0.0) > FLAT_DB


FLAT_DB = 1.5
"""Octaves whose gains differ by less are as good as equal."""


@dataclass(frozen=True)
class Compression:
    """How a gain follows the level, in the words of a compressor's front panel.

    Attributes:
        threshold_db: dBFS, of what goes in or, fed back, of what comes out.
        ratio: decibels of level for each decibel that comes out above the threshold, or, where
            ``expands``, decibels that come out for each below it.
        knee_db: width of the knee.
        makeup_db: gain of what is not turned down.
        attack_ms: time constant with which the gain falls (or the followed level rises).
        release_ms: of the way back.
        lookahead_ms: by how much the gain comes before the sound.
        detection, followed, ballistics, is_smoothed, is_fed_back: see CompressorConfig.
        expands: whether what is soft is turned down, not what is loud.
        explained: the share of the gain's variance that this explains.
    """

    threshold_db: float
    ratio: float
    knee_db: float
    makeup_db: float
    attack_ms: float
    release_ms: float
    lookahead_ms: float
    detection: str
    followed: str
    ballistics: str
    is_smoothed: bool
    is_fed_back: bool
    expands: bool
    explained: float


@dataclass(frozen=True)
class LevelSweep:
    """How a filter's cutoff follows the level: an auto-wah.

    Attributes:
        soft_hz: the cutoff behind soft playing.
        loud_hz: the cutoff behind loud playing.
        attack_ms: time constant with which the followed level rises.
        release_ms: of the way back.
        detection, ballistics: see EnvelopeFilterConfig.
        explained: the share of what a fixed filter leaves that this explains.
        levels_db: levels in dBFS between the softest and the loudest that was heard.
        cutoffs_hz: the cutoff at each of them.
    """

    soft_hz: float
    loud_hz: float
    attack_ms: float
    release_ms: float
    detection: str
    ballistics: str
    explained: float
    levels_db: tuple[float, ...]
    cutoffs_hz: tuple[float, ...]


@dataclass(frozen=True)
class Identification:
    """What was found.

    Attributes:
        sample_rate: Hz, at which it was looked at.
        channels_out: sides of the wet signal that differ.
        delay_samples: where the linear response has its peak.
        polarity: 1, or -1 where that peak points down.
        beyond_linear_db: what the best fixed filter leaves, relative to the wet signal: how far the
            effect is from being linear and time-invariant.
        nonlinear_db: what playing softer and turning up again changes, relative to the energies of
            both: how far the effect is from being linear; None where it could not be asked.
        moving_db: the share of its responses' energy that changes with time: how far the effect is
            from being time-invariant; None where unknown.
        repeatability_db: what the effect leaves of itself, played twice; None where it could not be
            asked, -200 where it repeats exactly.
        noise_floor_db: RMS in dBFS of what it plays where it hears silence; None where unknown.
        response: the best fixed filter.
        lfo_rate_hz: of the LFO that moves it; None where none was found.
        voices: taps that the LFO moves.
        turn: what else the LFO moves.
        carrier_hz: of a ring modulator, whose gain turns so often; None where there is none.
        pitch_ratio: pitch after over pitch before; None where pitch is not shifted.
        grain_ms: length of the grains by which a delay line shifts pitch; None where none are seen.
        repeats: echoes; None where nothing plays again.
        compression: how the gain follows the level; None where it does not.
        sweep: how a filter follows the level; None where none does.
        unseen: what this material could not show, in words.
    """

    sample_rate: int
    channels_out: int
    delay_samples: int
    polarity: int
    beyond_linear_db: float
    nonlinear_db: float | None
    moving_db: float | None
    repeatability_db: float | None
    noise_floor_db: float | None
    response: Response
    lfo_rate_hz: float | None
    voices: tuple[Voice, ...]
    turn: Turn
    carrier_hz: float | None
    pitch_ratio: float | None
    grain_ms: float | None
    repeats: Repeats | None
    compression: Compression | None
    sweep: LevelSweep | None
    unseen: tuple[str, ...]
