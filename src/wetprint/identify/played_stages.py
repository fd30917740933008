"""Stages played on windows of sound, and what a Gauss-Newton step has to know of each.

That is how its output changes with its parameters and with its input (``change``), the adjoint of
that (``answer`` and ``back``), and a matrix near to its own block of the problem's, with the
inverse (``precondition``, ``near``, ``solved``). The matrices are as in ``gauss_newton.py``:
circulant for filters of many taps, exact for whatever has few parameters.
"""

from __future__ import annotations

import abc

import numpy as np
from scipy.fft import irfft, rfft
from scipy.linalg import cho_factor, cho_solve, matmul_toeplitz
from scipy.sparse import csr_array

from wetprint.blocks.crossfaded_delay import CrossfadedDelay
from wetprint.blocks.spline import value_weights
from wetprint.identify.circulant import nearest_circulant
from wetprint.identify.curve import Placed, definite, roughness_matrix
from wetprint.identify.stages import Circuit, FadingDelay, Filter, MovingGain, Shape, Stage

SPECTRUM_FLOOR = 1e-7
"""Bins of a preconditioner below this share of its largest count as this much."""


def place_phases(phase: np.ndarray, knots: int) -> csr_array:
    """Return what every coefficient of a closed curve adds at every phase: ``(phases, knots)``."""
    position = phase.ravel() * knots
    left = np.floor(position)
    weights = np.stack(value_weights(position - left), 1)
    columns = (left.astype(np.int32)[:, None] + np.arange(-1, 3, dtype=np.int32)) % knots
    rows = np.arange(0, weights.size + 1, 4, dtype=np.int32)
    return csr_array((weights.ravel(), columns.ravel(), rows), shape=(len(weights), knots))


class PlayedStage(abc.ABC):
    """A stage after it was played.

    Attributes:
        stage: what was played.
        output: what came out, ``(windows, time)`` float32.
    """

    stage: Stage
    output: np.ndarray

    @abc.abstractmethod
    def change(self, step: np.ndarray, moved: np.ndarray | None) -> np.ndarray:
        """Return how the output changes with the parameters and, unless None, with the input."""

    @abc.abstractmethod
    def answer(self, residual: np.ndarray) -> np.ndarray:
        """Return how each parameter answers a residual of the output: ``(parameters,)``."""

    @abc.abstractmethod
    def back(self, residual: np.ndarray) -> np.ndarray:
        """Return a residual of the output as one of the input."""

    @abc.abstractmethod
    def power_gain(self) -> np.ndarray | float:
        """Return its mean power gain, per bin where it has a colour."""

    @abc.abstractmethod
    def precondition(self, later: np.ndarray, heard: np.ndarray, left: float) -> None:
        """Find the matrix near to its own block.

        Args:
            later: power gain per bin of what follows.
            heard: ``(windows, time)``, 1 where the error counts.
            left: variance of the error still left.
        """

    @abc.abstractmethod
    def near(self, step: np.ndarray) -> np.ndarray:
        """Multiply by the matrix."""

    @abc.abstractmethod
    def solved(self, residual: np.ndarray) -> np.ndarray:
        """Multiply by its inverse."""

    def roughness(self, step: np.ndarray) -> np.ndarray:
        """Multiply by what keeps a curve smooth, a part of the problem's own matrix."""
        return np.zeros_like(step)


class PlayedFilter(PlayedStage):
    """Convolution is circular in each window; what wraps around falls on the unscored past."""

    def __init__(self, stage: Filter | Circuit, signal: np.ndarray):
        self.stage, self.samples, self.taps = stage, signal.shape[-1], len(stage.taps)
        self.heard = rfft(signal, workers=-1)
        self.gain = rfft(stage.taps.astype(np.float32), self.samples)
        self.output = irfft(self.heard * self.gain, self.samples, workers=-1)

    def change(self, step: np.ndarray, moved: np.ndarray | None) -> np.ndarray:
        """See PlayedStage."""
        spectrum = self.heard * rfft(step.astype(np.float32), self.samples)
        if moved is not None:
            spectrum += rfft(moved, workers=-1) * self.gain
        return irfft(spectrum, self.samples, workers=-1)

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        lags = (self.heard.conj() * rfft(residual, workers=-1)).sum(0)
        return irfft(lags, self.samples)[: self.taps]

    def back(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return irfft(self.gain.conj() * rfft(residual, workers=-1), self.samples, workers=-1)

    def power_gain(self) -> np.ndarray:
        """See PlayedStage."""
        return np.abs(self.gain) ** 2

    def precondition(self, later: np.ndarray, heard: np.ndarray, left: float) -> None:
        """See PlayedStage."""
        spectrum = rfft(nearest_circulant(self._lags(later))).real
        self.spectrum = np.maximum(spectrum, SPECTRUM_FLOOR * max(float(spectrum.max()), 1e-30))

    def near(self, step: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return irfft(rfft(step) * self.spectrum, len(step))

    def solved(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return irfft(rfft(residual) / self.spectrum, len(residual))

    def _lags(self, later: np.ndarray) -> np.ndarray:
        """Return the autocorrelation of what is heard, as it is heard later: ``(taps,)``."""
        power = (np.abs(self.heard) ** 2).sum(0) * later
        return irfft(power.astype(np.float64), self.samples)[: self.taps]


class PlayedByMatrix(PlayedStage):
    """A stage of few parameters, whose block of the matrix is known whole."""

    matrix: np.ndarray

    def near(self, step: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return self.matrix @ step

    def solved(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return cho_solve(self.factor, residual)

    def _take(self, matrix: np.ndarray) -> None:
        self.matrix = definite(matrix)
        self.factor = cho_factor(self.matrix)


class PlayedCircuit(PlayedByMatrix, PlayedFilter):
    """A filter of few parameters."""

    def __init__(self, stage: Circuit, signal: np.ndarray):
        super().__init__(stage, signal)
        self.responses = stage.responses

    def change(self, step: np.ndarray, moved: np.ndarray | None) -> np.ndarray:
        """See PlayedStage."""
        return super().change(step @ self.responses, moved)

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return self.responses @ super().answer(residual)

    def precondition(self, later: np.ndarray, heard: np.ndarray, left: float) -> None:
        """See PlayedStage."""
        lags = self._lags(later)
        self._take(self.responses @ matmul_toeplitz(lags, self.responses.T))


class PlayedShape(PlayedByMatrix):
    """A curve, kept smooth as a P-spline (Eilers and Marx 1996, doi:10.1214/ss/1038425655).

    It is played less its value at zero, or the gain behind it would make of silence a sound.
    """

    def __init__(self, stage: Shape, signal: np.ndarray):
        self.stage = stage
        self.placed = Placed.of(stage.curve, signal)
        self.at_zero = Placed.of(stage.curve, np.zeros(1)).weights.toarray()[0]
        self.output = self._value(stage.curve.coefficients)

    def change(self, step: np.ndarray, moved: np.ndarray | None) -> np.ndarray:
        """See PlayedStage."""
        change = self._value(step)
        return change if moved is None else change + moved * self.placed.slope

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        total = float(residual.sum(dtype=np.float64))
        return self.placed.transposed(residual) - total * self.at_zero

    def back(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return residual * self.placed.slope

    def power_gain(self) -> float:
        """See PlayedStage."""
        return float(np.square(self.placed.slope).mean())

    def precondition(self, later: np.ndarray, heard: np.ndarray, left: float) -> None:
        """See PlayedStage."""
        self.penalty = roughness_matrix(self.stage.parameters, left)
        self._take(float(np.mean(later)) * self.placed.gram(heard) + self.penalty)

    def roughness(self, step: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return self.penalty @ step

    def _value(self, coefficients: np.ndarray) -> np.ndarray:
        return self.placed.value(coefficients) - np.float32(self.at_zero @ coefficients)


class PlayedGain(PlayedByMatrix):
    """A moving gain."""

    def __init__(self, stage: MovingGain, signal: np.ndarray, places: csr_array):
        self.stage, self.signal, self.places = stage, signal, places
        self.gain = self._over_time(stage.gain)
        self.output = signal * self.gain

    def change(self, step: np.ndarray, moved: np.ndarray | None) -> np.ndarray:
        """See PlayedStage."""
        change = self._over_time(step) * self.signal
        return change if moved is None else change + moved * self.gain

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return self.places.T @ (residual * self.signal).ravel().astype(np.float64)

    def back(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return residual * self.gain

    def power_gain(self) -> float:
        """See PlayedStage."""
        return float(np.square(self.gain).mean())

    def precondition(self, later: np.ndarray, heard: np.ndarray, left: float) -> None:
        """See PlayedStage."""
        weight = (np.square(self.signal) * heard).ravel().astype(np.float64)
        gram = self.places.T @ self.places.multiply(weight[:, None]).tocsr()
        self._take(float(np.mean(later)) * gram.toarray())

    def _over_time(self, knots: np.ndarray) -> np.ndarray:
        return (self.places @ knots).reshape(self.signal.shape).astype(np.float32)


class PlayedFades(PlayedStage):
    """A delay that fades; a matrix says what of every sample is heard when."""

    def __init__(self, stage: FadingDelay, signal: np.ndarray, heard: csr_array):
        self.stage, self.shape, self.heard = stage, signal.shape, heard
        self.output = self._over_time(signal)

    def change(self, step: np.ndarray, moved: np.ndarray | None) -> np.ndarray:
        """See PlayedStage."""
        return np.zeros_like(self.output) if moved is None else self._over_time(moved)

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return np.zeros(0)

    def back(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return (self.heard.T @ residual.ravel()).reshape(self.shape)

    def power_gain(self) -> float:
        """See PlayedStage."""
        return float(np.square(self.heard.data).sum()) / self.heard.shape[0]

    def precondition(self, later: np.ndarray, heard: np.ndarray, left: float) -> None:
        """See PlayedStage."""

    def near(self, step: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return step

    def solved(self, residual: np.ndarray) -> np.ndarray:
        """See PlayedStage."""
        return residual

    def _over_time(self, signal: np.ndarray) -> np.ndarray:
        return (self.heard @ signal.ravel()).reshape(self.shape)


def place_fades(block: CrossfadedDelay, starts: np.ndarray, samples: int) -> csr_array:
    """Return what of every sample of windows is heard at every sample: ``(all, all)`` float32.

    Args:
        block: of one channel.
        starts: ``(windows,)``, the absolute time of each window's first sample.
        samples: of each window; silence lies before it.
    """
    rows, columns, weights = [], [], []
    now = np.arange(samples)
    for number, start in enumerate(starts):
        before, after, gone = block.fades(int(start), samples)
        for delay, share in ((before, 1.0 - gone), (after, gone)):
            late = delay[0].detach().numpy()
            whole = np.floor(late).astype(np.int64)
            for more, part in ((0, 1.0 - (late - whole)), (1, late - whole)):
                weight, column = share * part, now - whole - more
                kept = (weight != 0.0) & (column >= 0)
                rows.append(number * samples + now[kept])
                columns.append(number * samples + column[kept])
                weights.append(weight[kept])
    places = (np.concatenate(rows), np.concatenate(columns))
    size = len(starts) * samples
    return csr_array((np.concatenate(weights).astype(np.float32), places), shape=(size, size))
