"""Compressors and expanders: a gain that follows the level of what is played.

``y[t] = x[t - lookahead] 10^(g[t] / 20)``. The gain g comes from a static curve over the level
(``gain_curve.py``) and from an envelope follower, which either follows the level, in front of the
curve, or the gain in dB, behind it (Giannoulis, Massberg and Reiss 2012, Digital Dynamic Range
Compressor Design, JAES 60(6), figure 7; differentiable as by Yu et al. 2024, arXiv:2404.07970).
How it rises and falls is told in ``followers.py``. What is heard may be smoothed by one pole in
front of all that. The detector hears what is played into the compressor
or, fed back, what the compressor plays (there figure 6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import number, one_of, switch, whole_number
from wetprint.blocks.followers import (
    BALLISTICS,
    DETECTIONS,
    LINKS,
    detected,
    detected_db,
    followed,
    rate_of,
)
from wetprint.blocks.gain_curve import (
    LEAST_GAIN_DB,
    MOST_GAIN_DB,
    QUIETEST_DB,
    free_gain_db,
    knee_gain_db,
)
from wetprint.engine.envelope import follow_envelope
from wetprint.engine.feedback_gain import FeedbackDetector, feedback_gain

FOLLOWED = ("gain", "level")
CURVES = ("knee", "free")

LONGEST_LOOKAHEAD_SAMPLES = 19_200
MOST_KNOTS = 1024

SETTLING_SAMPLES = 4096
"""What ``valid`` drops. A release of more than some 20 ms has not settled by then, which costs
training a little; ``forward`` and playing are exact."""

WIDEST_KNEE_DB = 120.0


@dataclass(frozen=True)
class CompressorConfig:
    """How a compressor is built; what its knobs do are parameters.

    Attributes:
        detection: "peak" hears amplitudes, "rms" mean squares.
        followed: what the envelope follower follows, the "gain" in dB or the "level" in front of
            the curve.
        ballistics: "branching" or "decoupled", see ``followers.py``.
        curve: "knee" for the textbook's, "free" for a linear spline.
        knots: of a free curve.
        lowest_db: level of its first knot, dBFS.
        highest_db: level of its last knot, dBFS.
        lookahead_samples: how late the sound is, so that the gain comes before it; 0 where what is
            played is heard.
        channels: 1 or 2.
        link: whether two channels get gains of their own ("none"), or one for both from the
            "loudest" or from the "mean" of both.
        is_smoothed: whether one pole smooths what is heard, in front of everything else.
        is_fed_back: whether the detector hears what the compressor played a sample before.
    """

    detection: str = "peak"
    followed: str = "gain"
    ballistics: str = "branching"
    curve: str = "knee"
    knots: int = 103
    lowest_db: float = -90.0
    highest_db: float = 12.0
    lookahead_samples: int = 0
    channels: int = 1
    link: str = "loudest"
    is_smoothed: bool = False
    is_fed_back: bool = False

    def __post_init__(self) -> None:
        one_of("detection", self.detection, DETECTIONS)
        one_of("followed", self.followed, FOLLOWED)
        one_of("ballistics", self.ballistics, BALLISTICS)
        one_of("curve", self.curve, CURVES)
        one_of("link", self.link, LINKS)
        whole_number("knots", self.knots, 2, MOST_KNOTS)
        number("lowest_db", self.lowest_db, QUIETEST_DB, 59.0)
        number("highest_db", self.highest_db, self.lowest_db + 1.0, 60.0)
        whole_number("lookahead_samples", self.lookahead_samples, 0, LONGEST_LOOKAHEAD_SAMPLES)
        whole_number("channels", self.channels, 1, 2)
        switch("is_smoothed", self.is_smoothed)
        switch("is_fed_back", self.is_fed_back)
        if self.is_fed_back and self.lookahead_samples:
            raise ValueError(
                f"lookahead_samples must be 0 where the detector hears what is played, got "
                f"{self.lookahead_samples}"
            )


class Compressor(RecursiveBlock):
    """Turn every channel up and down by its level; untrained, a compressor of ratio 4.

    Attributes:
        attack_log: logarithm of the time constant, in samples, at which the gain is reduced (or
            the followed level rises).
        release_log: the same for the way back.
        window_log: the same of what smooths in front of everything, where something does.
        threshold_db, slope_below, slope_above, width_log: of a knee, see knee_gain_db; its width
            in dB by its logarithm.
        makeup_db: gain at the threshold, were there no knee.
        gain_db: ``(knots,)``, of a free curve.
    """

    learning_rate_factor = 0.3

    def __init__(self, config: CompressorConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        self.context_samples = SETTLING_SAMPLES
        self.lookahead_samples = config.lookahead_samples
        self.attack_log = nn.Parameter(torch.tensor(6.0))
        self.release_log = nn.Parameter(torch.tensor(9.0))
        if config.is_smoothed:
            self.window_log = nn.Parameter(torch.tensor(5.0))
        if config.curve == "free":
            self.gain_db = nn.Parameter(torch.zeros(config.knots))
        else:
            self.threshold_db = nn.Parameter(torch.tensor(-20.0))
            self.slope_below = nn.Parameter(torch.tensor(0.0))
            self.slope_above = nn.Parameter(torch.tensor(-0.75))
            self.width_log = nn.Parameter(torch.tensor(1.0))
            self.makeup_db = nn.Parameter(torch.tensor(0.0))

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        wait = self.config.lookahead_samples
        late = functional.pad(audio, (wait, 0))[..., : audio.shape[-1]]
        gain, _ = self.gain_of(audio, self.silent_state(len(audio)))
        return late * gain

    def gain_of(self, audio: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the gain at every sample, a factor, and the state that remains.

        Args:
            audio: ``(batch, channels, time)`` with time > 0.
            state: of every follower, as ``silent_state`` or an earlier call returned it.

        Returns:
            ``(batch, channels or 1, time)``, and the next state.
        """
        config, state = self.config, list(state)
        heard = detected(audio, config.detection, config.link)
        if config.is_fed_back:
            return self._fed_back(heard, state)
        if config.is_smoothed:
            window = rate_of(self.window_log)
            heard = state[-1] = follow_envelope(heard, window, window, state[-1])
        if config.followed == "level":
            heard, followers = self._followed(heard, state)
            gain_db = self.curve_db(detected_db(heard, config.detection))
        else:
            reduction, followers = self._followed(
                -self.curve_db(detected_db(heard, config.detection)), state
            )
            gain_db = -reduction
        if config.is_smoothed:
            followers.append(state[-1])
        return decibels(gain_db), [each[..., -1] for each in followers]

    def _fed_back(self, heard: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Do the same where what is played is heard; the state is one, see feedback_gain."""
        config = self.config
        times = [self.attack_log, self.release_log]
        rates = [rate_of(each) for each in times]
        smoothing = rate_of(self.window_log) if config.is_smoothed else torch.ones_like(rates[0])
        if config.curve == "free":
            values, grid = self.gain_db, (config.lowest_db, config.highest_db)
        else:
            knee = (self.threshold_db, self.slope_below, self.slope_above)
            values, grid = torch.stack([*knee, self._width_db(), self.makeup_db]), ()
        listens = (config.detection == "rms", config.followed == "level")
        detector = FeedbackDetector(*listens, config.ballistics == "decoupled", grid)
        rows = heard.flatten(0, 1)
        gain_db, after = feedback_gain(
            rows, detector, torch.stack([smoothing, *rates]), values, self.curve_db, state[0]
        )
        return decibels(gain_db.view(heard.shape)), [after]

    def silent_state(self, batch: int) -> list[Tensor]:
        """Return what the followers hold after silence, each ``(batch, channels or 1)``.

        Where what is played is heard it is one tensor, ``(batch * (channels or 1), 4)``.
        """
        config, reference = self.config, self.attack_log
        rows = 1 if config.link != "none" else config.channels
        silence = reference.new_zeros((batch, rows))
        softest = self.curve_db(reference.new_tensor(QUIETEST_DB))
        rest = silence if config.followed == "level" else silence - softest
        if config.is_fed_back:
            state = torch.stack([silence, rest, rest, silence], -1)
            return [state.flatten(0, 1).cpu().double()]  # not every device has doubles
        count = 1 if config.ballistics == "branching" else 2
        return [rest] * count + [silence] * config.is_smoothed

    def _followed(self, heard: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Run the followers; see followed."""
        times = self.attack_log, self.release_log
        return followed(heard, *times, self.config.ballistics, state)

    def curve_db(self, level: Tensor) -> Tensor:
        """Return the static gain in dB at every level in dBFS."""
        config = self.config
        if config.curve == "free":
            gain = free_gain_db(level, self.gain_db, config.lowest_db, config.highest_db)
        else:
            slopes = self.slope_below, self.slope_above
            bend = knee_gain_db(level, self.threshold_db, *slopes, self._width_db())
            gain = self.makeup_db + bend
        return gain.clamp(LEAST_GAIN_DB, MOST_GAIN_DB)

    def _width_db(self) -> Tensor:
        return self.width_log.exp().clamp(max=WIDEST_KNEE_DB)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return CompressorStream(self, batch)


class CompressorStream(BlockStream):
    """Block-wise playing: what the followers hold, and the sound that is still to come."""

    def __init__(self, block: Compressor, batch: int):
        self.block = block
        self.state = block.silent_state(batch)
        wait = block.config.lookahead_samples
        self.waiting = block.attack_log.new_zeros((batch, block.channels_in, wait))

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio
        line = torch.cat([self.waiting.to(audio), audio], dim=-1)
        gain, self.state = self.block.gain_of(audio, self.state)
        self.waiting = line[..., audio.shape[-1] :]
        return line[..., : audio.shape[-1]] * gain


def decibels(gain_db: Tensor) -> Tensor:
    """Return the factor that a gain in dB stands for."""
    return torch.exp(gain_db * (math.log(10.0) / 20.0))
