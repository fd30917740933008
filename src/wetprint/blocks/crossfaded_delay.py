"""A delay that never moves while it is heard: it fades from one length to the next.

Where a delay line must change its length without bending the pitch, two fixed delays are read and
the sound fades over from one to the other; then the silent one moves, and the fade turns round
(Zölzer 2011, DAFX, chapter 3; Dattorro 1997, Effect Design part 2, JAES 45(10)). Vibratos, tapes
and delays are built so. An LFO is looked at once a fade: with ``d_k`` its curve at the moment
``t_k = fade_start + k fade`` and ``w`` the share of the fade that has gone by,
``y(t) = (1 - w) x(t - d_k) + w x(t - d_(k+1))``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, number, switch, whole_number
from wetprint.blocks.periodic import (
    LONGEST_PERIOD_SAMPLES,
    MOST_KNOTS,
    SHORTEST_PERIOD_SAMPLES,
    check_period,
    periodic_curve,
)


@dataclass(frozen=True)
class CrossfadedDelayConfig:
    """The fades, and the LFO that is looked at between them.

    Attributes:
        period_samples: one turn of the LFO, which stands at phase 0 at absolute time 0.
        fade_samples: from one fixed delay to the next.
        fade_start_samples: absolute time at which one of the fades begins, 0 to ``fade_samples``.
        knots: of the LFO's curve over a turn.
        most_delay_samples: the delay is held between 0 and this.
        whole_samples: whether only delays of whole samples are read; others lie on a straight line
            between two samples.
        channels: 1 or 2; each has a curve of its own.
    """

    period_samples: float
    fade_samples: float
    fade_start_samples: float = 0.0
    knots: int = 64
    most_delay_samples: int = 4096
    whole_samples: bool = True
    channels: int = 1

    def __post_init__(self) -> None:
        check_period(self.period_samples)
        number("fade_samples", self.fade_samples, SHORTEST_PERIOD_SAMPLES, LONGEST_PERIOD_SAMPLES)
        number("fade_start_samples", self.fade_start_samples, 0.0, self.fade_samples)
        whole_number("knots", self.knots, 4, MOST_KNOTS)
        whole_number("most_delay_samples", self.most_delay_samples, 1, LONGEST_MEMORY_SAMPLES)
        whole_number("channels", self.channels, 1, 2)
        switch("whole_samples", self.whole_samples)


class CrossfadedDelay(Block):
    """Fade from delay to delay.

    Attributes:
        trajectory: ``(channels, knots)``, see wetprint.blocks.periodic, in samples.
    """

    learning_rate_factor = 0.1

    def __init__(self, config: CrossfadedDelayConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        self.context_samples = config.most_delay_samples
        middle = 0.5 * config.most_delay_samples
        self.trajectory = nn.Parameter(torch.full((config.channels, config.knots), middle))

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        context = self.context_samples
        before, after, gone = self.fades(start_sample + context, audio.shape[-1] - context)
        share = torch.from_numpy(gone).to(audio)
        old, fresh = _read(audio, before, context), _read(audio, after, context)
        return old + share * (fresh - old)

    def fades(self, start_sample: int, samples: int) -> tuple[Tensor, Tensor, np.ndarray]:
        """Return where every sample fades from and to, and how much of its fade has gone by.

        Args:
            start_sample: absolute time of the first sample.
            samples: how many.

        Returns:
            Two delays ``(channels, samples)`` float64, and a share ``(samples,)``, 0 to 1.
        """
        config = self.config
        now = start_sample + np.arange(samples)
        position = (now - config.fade_start_samples) / config.fade_samples
        number = np.floor(position)
        first = int(number[0])
        delays = self._delays(first, int(number[-1]) - first + 2)  # (channels, fades)
        index = torch.from_numpy(number.astype(np.int64) - first).to(delays.device)
        return delays[:, index], delays[:, index + 1], position - number

    def _delays(self, first: int, count: int) -> Tensor:
        """Return the fixed delays from one on: ``(channels, count)`` float64."""
        config = self.config
        begins = config.fade_start_samples + config.fade_samples * (first + np.arange(count))
        curve = periodic_curve(self.trajectory.double(), begins / config.period_samples % 1.0)
        curve = curve.round() if config.whole_samples else curve
        return curve.clamp(0.0, float(config.most_delay_samples))


def _read(audio: Tensor, delay: Tensor, context: int) -> Tensor:
    """Read ``(batch, channels, context + time)`` at delays ``(channels, time)``."""
    whole = delay.detach().floor()
    fraction = (delay - whole).to(audio)
    now = torch.arange(context, audio.shape[-1], device=audio.device)
    newer = (now - whole.long()).expand(audio.shape[0], -1, -1)
    older = (newer - 1).clamp(min=0)  # where that is cut off, nothing of it is heard
    near, far = audio.gather(-1, newer), audio.gather(-1, older)
    return near + fraction * (far - near)
