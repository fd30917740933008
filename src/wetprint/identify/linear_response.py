"""The linear part of an effect: the impulse responses that explain most of the wet signal.

The taps h minimise, over every heard sample, ``sum (wet - dry * h)^2 + ridge * r(0) * sum h^2``,
with r(0) the energy of the dry signal: ridge-regularised least squares, exact at both ends of a
recording (the covariance method; Makhoul 1975, doi:10.1109/PROC.1975.9792). The normal matrix is
never formed. It is Toeplitz but for what the ends of the recordings cut off, so its product with
a vector is a few FFTs, and conjugate gradients solve it, preconditioned by the nearest circulant
matrix (Chan 1988, doi:10.1137/0909051).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

LEAST_PIECE_SAMPLES = 1 << 18
"""Recordings are taken in pieces of at least this length, so that memory stays bounded."""

BLOCK_TAPS, BLOCKS_AT_ONCE = 4, 64
"""Correlations of many inputs are gathered in blocks of so many times the taps, so many at once."""


@dataclass(frozen=True)
class LinearFit:
    """Solved impulse responses.

    Attributes:
        response: ``(channels_out, channels_in, taps)`` float64; the first tap acts at once.
        iterations: conjugate-gradient steps that were needed.
    """

    response: np.ndarray
    iterations: int


@dataclass(frozen=True)
class LinearFitConfig:
    """How the least-squares problem is posed and when it counts as solved.

    Attributes:
        ridge: regularisation, as a share of the dry signal's energy.
        tolerance: residual of the normal equations at which to stop, relative to their right side.
        most_iterations: conjugate-gradient steps at most.
    """

    ridge: float = 1e-10
    tolerance: float = 1e-9
    most_iterations: int = 1000


@dataclass(frozen=True)
class _Edge:
    """Outputs ``first ... last - 1`` of a convolution with ``dry``: counted, but never heard."""

    dry: np.ndarray
    first: int
    last: int

    def gram_product(self, taps: np.ndarray) -> np.ndarray:
        """Multiply ``(channels_in, taps)`` by the Gram matrix of the unheard outputs."""
        count = taps.shape[-1]
        fft_samples = next_fast_len(self.dry.shape[-1] + count, real=True)
        dry = rfft(self.dry, fft_samples)
        wet = irfft((dry * rfft(taps, fft_samples)).sum(0), fft_samples)
        wet[: self.first] = 0.0
        wet[self.last :] = 0.0
        return irfft(rfft(wet, fft_samples) * dry.conj(), fft_samples)[:, :count]


class NormalEquations:
    """Gathers dry and wet recordings, of any number and length, and solves for the taps.

    >>> dry = np.random.default_rng(0).standard_normal((1, 500))
    >>> wet = 0.5 * np.concatenate([np.zeros((1, 3)), dry[:, :-3]], axis=1)
    >>> equations = NormalEquations(taps=6, channels_in=1, channels_out=1)
    >>> equations.add(dry, wet)
    >>> np.abs(equations.solve().response[0, 0]).round(6).tolist()
    [0.0, 0.0, 0.0, 0.5, 0.0, 0.0]
    """

    def __init__(self, taps: int, channels_in: int, channels_out: int):
        self.taps = taps
        self.fft_samples = next_fast_len(2 * taps, real=True)
        self.later = np.zeros((channels_in, channels_in, taps))  # sum x_c[n] x_d[n - lag]
        self.right = np.zeros((channels_out, channels_in, taps))
        self.edges: list[_Edge] = []

    def add(self, dry: np.ndarray, wet: np.ndarray, heard_from: int = 0) -> None:
        """Take one recording into account.

        Args:
            dry: ``(channels_in, time)``; before it there was silence.
            wet: ``(channels_out, time)``, aligned with ``dry``.
            heard_from: samples at the start that serve as past only, not as evidence.
        """
        dry = np.asarray(dry, np.float64)
        wet = np.array(wet, np.float64)
        wet[:, :heard_from] = 0.0
        for past, start, stop in self._pieces(dry.shape[-1]):
            heard = dry[:, past:stop]
            now = np.concatenate([dry[:, start:stop], wet[:, start:stop]])
            lags = self._lags(np.pad(now, ((0, 0), (start - past, 0))), heard)
            self.later += lags[: len(dry)]
            self.right += lags[len(dry) :]
        length = dry.shape[-1]
        tail = dry[:, max(0, length - self.taps + 1) :]
        reach = tail.shape[-1]
        self.edges.append(_Edge(tail, reach, reach + self.taps - 1))
        if heard_from:
            self.edges.append(_Edge(dry[:, :heard_from], 0, heard_from))

    def solve(
        self, config: LinearFitConfig | None = None, stop: Callable[[], bool] = lambda: False
    ) -> LinearFit:
        """Solve for the responses.

        Args:
            config: see there.
            stop: asked before every step; once it says yes, the taps stay as good as they are
                (conjugate gradients find the large components first: Hansen 1998).

        Returns:
            The fit; all zero when the dry recordings are silent.
        """
        config = config or LinearFitConfig()
        energy = float(np.trace(self.later[:, :, 0])) / len(self.later)
        if energy == 0.0:
            return LinearFit(np.zeros_like(self.right), 0)
        ridge = config.ridge * energy
        matrix = self._toeplitz_spectrum()
        inverse = self._circulant_inverse(ridge)
        solved = [self._descend(each, matrix, inverse, ridge, config, stop) for each in self.right]
        return LinearFit(np.stack([each for each, _ in solved]), max(count for _, count in solved))

    def _pieces(self, length: int) -> Iterator[tuple[int, int, int]]:
        """Cut a recording: (where a piece's past begins, where it starts, where it stops)."""
        step = max(8 * self.taps, LEAST_PIECE_SAMPLES)
        for start in range(0, length, step):
            yield max(0, start - self.taps), start, min(start + step, length)

    def _lags(self, now: np.ndarray, heard: np.ndarray) -> np.ndarray:
        """Correlate for lags 0 ... taps - 1: ``(channels of now, channels of heard, taps)``."""
        fft_samples = next_fast_len(heard.shape[-1] + self.taps, real=True)
        past = rfft(heard, fft_samples).conj()
        correlated = [irfft(rfft(each, fft_samples) * past, fft_samples) for each in now]
        return np.stack(correlated)[..., : self.taps]

    def _toeplitz_spectrum(self) -> np.ndarray:
        """Embed the Toeplitz matrix in a circulant one: its spectrum, (in, in, bins)."""
        wrapped = np.zeros((*self.later.shape[:2], self.fft_samples))
        wrapped[..., : self.taps] = self.later.swapaxes(0, 1)
        wrapped[..., self.fft_samples - self.taps + 1 :] = self.later[..., :0:-1]
        return rfft(wrapped)

    def _circulant_inverse(self, ridge: float) -> np.ndarray:
        """Invert the circulant matrix nearest to the Toeplitz one: (bins, in, in)."""
        lag = np.arange(self.taps)
        behind = np.roll(self.later[..., ::-1], 1, axis=-1)  # lag k holds the value at taps - k
        near = ((self.taps - lag) * self.later.swapaxes(0, 1) + lag * behind) / self.taps
        spectrum = np.moveaxis(rfft(near), -1, 0)  # (bins, in, in)
        spectrum = (spectrum + spectrum.conj().swapaxes(1, 2)) / 2
        values, vectors = np.linalg.eigh(spectrum)
        scale = 1.0 / (np.maximum(values, 0.0) + ridge)
        return (vectors * scale[:, None, :]) @ vectors.conj().swapaxes(1, 2)

    def _product(self, taps: np.ndarray, matrix: np.ndarray, ridge: float) -> np.ndarray:
        """Multiply ``(channels_in, taps)`` by the regularised normal matrix."""
        whole = irfft((matrix * rfft(taps, self.fft_samples)).sum(1), self.fft_samples)
        product = whole[:, : self.taps] + ridge * taps
        for edge in self.edges:
            product -= edge.gram_product(taps)
        return product

    def _descend(
        self,
        right: np.ndarray,
        matrix: np.ndarray,
        inverse: np.ndarray,
        ridge: float,
        config: LinearFitConfig,
        stop: Callable[[], bool],
    ) -> tuple[np.ndarray, int]:
        """Preconditioned conjugate gradients (Hestenes and Stiefel 1952) for one channel out."""
        taps = np.zeros_like(right)
        residual = right.copy()
        ahead = self._precondition(residual, inverse)
        direction = ahead
        descent = float((residual * ahead).sum())
        goal = config.tolerance * float(np.linalg.norm(right))
        for iteration in range(config.most_iterations):
            if np.linalg.norm(residual) <= goal or stop():
                return taps, iteration
            product = self._product(direction, matrix, ridge)
            step = descent / float((direction * product).sum())
            taps += step * direction
            residual -= step * product
            ahead = self._precondition(residual, inverse)
            before, descent = descent, float((residual * ahead).sum())
            direction = ahead + descent / before * direction
        return taps, config.most_iterations

    def _precondition(self, residual: np.ndarray, inverse: np.ndarray) -> np.ndarray:
        bins = rfft(residual)  # (in, bins)
        return irfft(np.einsum("kij,jk->ik", inverse, bins), self.taps)


class ManyInputEquations(NormalEquations):
    """The same equations, gathered for many inputs at once: one matrix product for each bin."""

    def _lags(self, now: np.ndarray, heard: np.ndarray) -> np.ndarray:
        taps = self.taps
        fft_samples = next_fast_len(BLOCK_TAPS * taps, real=True)
        fresh = fft_samples - taps
        lead = (-heard.shape[-1]) % fresh + taps
        both = [np.pad(each, ((0, 0), (lead, 0))) for each in (now, heard)]
        starts = np.arange(0, both[0].shape[-1] - taps, fresh)
        gathered = np.zeros((fft_samples // 2 + 1, len(now), len(heard)), complex)
        for first in range(0, len(starts), BLOCKS_AT_ONCE):
            blocks = starts[first : first + BLOCKS_AT_ONCE, None] + np.arange(fft_samples)
            late, early = (each[:, blocks] for each in both)  # (channels, blocks, time)
            late[..., :taps] = 0.0
            late, early = (rfft(each).transpose(2, 0, 1) for each in (late, early))
            gathered += late @ early.conj().transpose(0, 2, 1)
        return irfft(gathered.transpose(1, 2, 0), fft_samples)[..., :taps]


def solve_fir(
    dry: np.ndarray, wet: np.ndarray, taps: int, config: LinearFitConfig | None = None
) -> np.ndarray:
    """Return the best FIR from one recording: ``(channels_out, channels_in, taps)`` float64.

    Args:
        dry: ``(channels_in, time)``.
        wet: ``(channels_out, time)``, aligned with ``dry``.
        taps: length of the responses in samples.
        config: regularisation and accuracy.
    """
    equations = NormalEquations(taps, len(dry), len(wet))
    equations.add(dry, wet)
    return equations.solve(config).response
