"""A static curve from amplitude to amplitude: what a diode, a tube or a converter does at once.

The curve is a cubic spline (see ``spline.py``) that passes through zero, so that silence stays
silence. Splines as waveshapers: Uncini 2003 (doi:10.1016/S0165-1684(02)00429-2). Left out:
antialiasing; the curve folds what lies above half the sample rate, as most plugins do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from wetprint.blocks.block import Block
from wetprint.blocks.checks import number, whole_number
from wetprint.blocks.spline import place_on_grid, slope_weights, straight, value_weights

MOST_INTERVALS = 4096
REACHES = (1e-9, 1e9)
LEAST_EVEN_SHARE = 1e-6


@dataclass(frozen=True)
class WaveshaperConfig:
    """The curve's grid.

    Attributes:
        intervals: how many, from ``-reach`` to ``reach``.
        reach: amplitude up to which the curve bends; a straight line beyond.
        channels: every channel passes through the same curve.
        even_below: intervals are nearly equal below this amplitude and widen in proportion to it
            above, see ``spline.py``; 0 for equal ones everywhere.
    """

    intervals: int = 128
    reach: float = 1.0
    channels: int = 1
    even_below: float = 0.0

    def __post_init__(self) -> None:
        whole_number("intervals", self.intervals, 1, MOST_INTERVALS)
        whole_number("channels", self.channels, 1, 2)
        number("reach", self.reach, *REACHES)
        if self.even_below:
            number("even_below", self.even_below, LEAST_EVEN_SHARE * self.reach, self.reach)


class Waveshaper(Block):
    """Send every sample through the curve ``f(x) - f(0)``; the untrained curve is a wire."""

    learning_rate_factor = 0.1

    def __init__(self, config: WaveshaperConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels
        line = straight(config.intervals, config.reach, even_below=config.even_below)
        self.coefficients = nn.Parameter(torch.from_numpy(line).to(torch.get_default_dtype()))

    @classmethod
    def of_curve(cls, reach: float, coefficients: np.ndarray, even_below: float) -> Waveshaper:
        """Return the block that plays one channel through a curve that was solved.

        Args:
            reach: see WaveshaperConfig.
            coefficients: ``(intervals + 3,)``, see ``spline.py``.
            even_below: see WaveshaperConfig.
        """
        grid = WaveshaperConfig(len(coefficients) - 3, float(reach), even_below=even_below)
        shaper = cls(grid)
        shaper.coefficients.data = torch.from_numpy(coefficients).float()
        return shaper

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.curve(audio) - self.curve(audio.new_zeros(()))

    def curve(self, amplitude: Tensor) -> Tensor:
        """Return ``f`` at every amplitude, of any shape."""
        config = self.config
        bent = amplitude.clamp(-config.reach, config.reach)
        grid = config.intervals, config.reach, config.even_below
        position, density = place_on_grid(bent, *grid)
        left = position.detach().floor().clamp(0, config.intervals - 1)
        place, left = position - left, left.long()
        near = [self.coefficients[left + each] for each in range(4)]
        value = sum(weight * each for weight, each in zip(value_weights(place), near, strict=True))
        slope = sum(weight * each for weight, each in zip(slope_weights(place), near, strict=True))
        return value + slope * density * (amplitude - bent)
