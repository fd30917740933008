"""Filters whose cutoff follows the level of what is played: auto-wahs and envelope filters.

An envelope follower tells the level, as a compressor's does (``followers.py``); a curve over the
level in dB gives the logarithm of the cutoff, ``log tan(pi f / sample_rate)``, which one pole may
smooth. State-variable sections in a row (``engine/state_variable.py``) stand at that cutoff. Their
damping, and how much of every section's states and of the input is heard, are polynomials in the
cutoff's logarithm, as a wah's Q and gain go with its pedal: so each response, a band-pass, a
low-pass, a peak beside the dry sound, is one mix of the same states.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import number, one_of, whole_number
from wetprint.blocks.followers import (
    BALLISTICS,
    DETECTIONS,
    LINKS,
    detected,
    detected_db,
    followed,
    rate_of,
)
from wetprint.blocks.gain_curve import QUIETEST_DB
from wetprint.blocks.spline import value_weights
from wetprint.engine.envelope import follow_envelope
from wetprint.engine.state_variable import MOST_SECTIONS, state_variable

MIDDLE_LOG_CUTOFF = -3.0
"""Around which the polynomials are: 760 Hz at 48 kHz."""

LOWEST_LOG_CUTOFF, HIGHEST_LOG_CUTOFF = -8.0, 2.5
"""From 5 Hz to as near to half the sample rate as nobody hears, at 48 kHz."""

LEAST_LOG_DAMPING, MOST_LOG_DAMPING = -5.0, 3.0
"""From a Q of 150 to two poles far apart."""

MOST_KNOTS = 256
MOST_TERMS = 8

SETTLING_SAMPLES = 4096
"""What ``valid`` drops; see the compressor's."""


@dataclass(frozen=True)
class EnvelopeFilterConfig:
    """How an envelope filter is built.

    Attributes:
        detection: "peak" hears amplitudes, "rms" mean squares.
        ballistics: "branching" or "decoupled", see ``followers.py``.
        sections: in a row.
        knots: coefficients of the cutoff's curve, a uniform cubic B-spline over the level.
        lowest_db: level at which its curve begins, dBFS; constant below.
        highest_db: level at which it ends; constant above.
        damping_terms: of the damping's polynomial.
        mix_terms: of each polynomial of the mix.
        lowest_log_cutoff: below which the polynomials stay as they are there.
        highest_log_cutoff: above which they do.
        channels: 1 or 2.
        link: whether two channels have cutoffs of their own ("none"), or one for both from the
            "loudest" or from the "mean" of both.
    """

    detection: str = "peak"
    ballistics: str = "branching"
    sections: int = 1
    knots: int = 15
    lowest_db: float = -66.0
    highest_db: float = 6.0
    damping_terms: int = 3
    mix_terms: int = 4
    lowest_log_cutoff: float = LOWEST_LOG_CUTOFF
    highest_log_cutoff: float = HIGHEST_LOG_CUTOFF
    channels: int = 1
    link: str = "mean"

    def __post_init__(self) -> None:
        one_of("detection", self.detection, DETECTIONS)
        one_of("ballistics", self.ballistics, BALLISTICS)
        one_of("link", self.link, LINKS)
        whole_number("sections", self.sections, 1, MOST_SECTIONS)
        whole_number("knots", self.knots, 4, MOST_KNOTS)
        number("lowest_db", self.lowest_db, QUIETEST_DB, 59.0)
        number("highest_db", self.highest_db, self.lowest_db + 1.0, 60.0)
        whole_number("damping_terms", self.damping_terms, 1, MOST_TERMS)
        whole_number("mix_terms", self.mix_terms, 1, MOST_TERMS)
        bounds = LOWEST_LOG_CUTOFF, HIGHEST_LOG_CUTOFF
        number("lowest_log_cutoff", self.lowest_log_cutoff, *bounds)
        number("highest_log_cutoff", self.highest_log_cutoff, self.lowest_log_cutoff, bounds[1])
        whole_number("channels", self.channels, 1, 2)


class EnvelopeFilter(RecursiveBlock):
    """Filter every channel by its level; untrained, it changes nothing.

    Attributes:
        window_log: logarithm of the time constant, in samples, that smooths what is heard in front
            of everything.
        attack_log: the same for the way up of what is followed.
        release_log: the same for the way down.
        smoothing_log: the same of what smooths the cutoff.
        log_cutoff: ``(knots,)``, coefficients of the curve over the level.
        log_damping: ``(damping_terms,)``, from the constant on.
        mix: ``(1 + 2 sections, mix_terms)``: of the input, then of every section's band-pass and
            low-pass.
    """

    learning_rate_factor = 0.1

    def __init__(self, config: EnvelopeFilterConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        self.context_samples = SETTLING_SAMPLES
        self.window_log = nn.Parameter(torch.tensor(2.0))
        self.attack_log = nn.Parameter(torch.tensor(6.0))
        self.release_log = nn.Parameter(torch.tensor(8.5))
        self.smoothing_log = nn.Parameter(torch.tensor(2.0))
        self.log_cutoff = nn.Parameter(torch.full((config.knots,), MIDDLE_LOG_CUTOFF))
        self.log_damping = nn.Parameter(torch.zeros(config.damping_terms))
        mix = torch.zeros(1 + 2 * config.sections, config.mix_terms)
        mix[0, 0] = 1.0
        self.mix = nn.Parameter(mix)

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        if audio.shape[-1] == 0:
            return audio
        return self.play(audio, self.silent_state(len(audio)))[0]

    def play(self, audio: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Play on from a state, as ``silent_state`` or an earlier call returned it.

        Args:
            audio: ``(batch, channels, time)`` with time > 0.
            state: what the followers and the sections hold.

        Returns:
            The same shape, and the next state.
        """
        cutoff, followers = self.log_cutoff_of(audio, state[:-1])
        beyond = self.beyond_middle(cutoff)
        damping = self.damping_at(beyond)
        states, memory = state_variable(audio, cutoff.exp(), damping, state[-1].to(audio))
        parts = torch.cat([audio[:, :, None], states], 2)
        shares = polynomial(self.mix, beyond[:, :, None])
        return (shares * parts).sum(2), [*followers, memory]

    def beyond_middle(self, log_cutoff: Tensor) -> Tensor:
        """Return where the polynomials are looked up, of any shape."""
        bounds = self.config.lowest_log_cutoff, self.config.highest_log_cutoff
        return log_cutoff.clamp(*bounds) - MIDDLE_LOG_CUTOFF

    def damping_at(self, beyond: Tensor) -> Tensor:
        """Return the damping there."""
        logarithm = polynomial(self.log_damping, beyond)
        return logarithm.clamp(LEAST_LOG_DAMPING, MOST_LOG_DAMPING).exp()

    def log_cutoff_of(self, audio: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the cutoff's logarithm at every sample, and what the followers hold at the end.

        Args:
            audio: ``(batch, channels, time)`` with time > 0.
            state: of the followers, see ``silent_state``.

        Returns:
            ``(batch, channels or 1, time)``, and the next state.
        """
        level, followers = self.level_of(audio, state)
        smoothing = rate_of(self.smoothing_log)
        cutoff = follow_envelope(self.curve_at(level), smoothing, smoothing, state[-1])
        return cutoff, [*followers, cutoff[..., -1]]

    def level_of(self, audio: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the followed level in dBFS; otherwise as ``log_cutoff_of``."""
        config = self.config
        window = rate_of(self.window_log)
        heard = detected(audio, config.detection, config.link)
        windowed = follow_envelope(heard, window, window, state[0])
        times = self.attack_log, self.release_log
        level, held = followed(windowed, *times, config.ballistics, state[1:])
        left = [each[..., -1] for each in (windowed, *held)]
        return detected_db(level, config.detection), left

    def silent_state(self, batch: int) -> list[Tensor]:
        """Return what is held after silence: the followers, ``(batch, channels or 1)``, and the
        sections, ``(batch, channels, sections, 2)``."""
        config = self.config
        rows = 1 if config.link != "none" else config.channels
        silence = self.log_cutoff.new_zeros((batch, rows))
        rest = silence + self.curve_at(silence.new_tensor(QUIETEST_DB))
        memory = silence.new_zeros((batch, config.channels, config.sections, 2))
        followers = 2 if config.ballistics == "branching" else 3
        return [*[silence] * followers, rest, memory]

    def curve_at(self, level: Tensor) -> Tensor:
        """Return the cutoff's logarithm at every level in dBFS, of any shape."""
        return self.curve_on(*self.placed(level))

    def placed(self, level: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Return the first coefficient near each level, and what it and the next three weigh."""
        config = self.config
        intervals = config.knots - 3
        density = intervals / (config.highest_db - config.lowest_db)
        position = ((level - config.lowest_db) * density).clamp(0.0, intervals)
        left = position.detach().floor().clamp(max=intervals - 1)
        return left.long(), value_weights(position - left)

    def curve_on(self, left: Tensor, weights: tuple[Tensor, ...]) -> Tensor:
        """Return the cutoff's logarithm where ``placed`` says."""
        near = [weight * self.log_cutoff[left + each] for each, weight in enumerate(weights)]
        value = near[0] + near[1] + near[2] + near[3]
        return value.clamp(LOWEST_LOG_CUTOFF, HIGHEST_LOG_CUTOFF)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return EnvelopeFilterStream(self, batch)


class EnvelopeFilterStream(BlockStream):
    """Block-wise playing: what the followers and the sections hold."""

    def __init__(self, block: EnvelopeFilter, batch: int):
        self.block = block
        self.state = block.silent_state(batch)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio
        played, self.state = self.block.play(audio, self.state)
        return played


def polynomial(coefficients: Tensor, at: Tensor) -> Tensor:
    """Return polynomials whose coefficients stand last, the constant first.

    Args:
        coefficients: ``(terms,)``, or ``(polynomials, terms)``.
        at: ``(..., time)``, or ``(..., 1, time)`` for several polynomials.

    Returns:
        ``(..., time)``, or ``(..., polynomials, time)``.

    >>> polynomial(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.0, 2.0])).tolist()
    [1.0, 17.0]
    """
    *lower, value = (each[..., None] for each in coefficients.unbind(-1))
    for each in reversed(lower):
        value = value * at + each
    return value
