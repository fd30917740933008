"""One step towards branches that play what was heard; see ``gauss_newton.py``, whose like this is.

What differs: branches add up, and a filter before a curve may have several inputs. These belong
together in the preconditioner: what is played and what comes back of it are much alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, rfft
from scipy.linalg import cho_factor, cho_solve

from wetprint.identify.branches import Branch, Heard, flat, split
from wetprint.identify.cascade import energy_of
from wetprint.identify.circulant import nearest_circulant
from wetprint.identify.curve import Placed, definite, roughness_matrix
from wetprint.identify.descent import descent_step

SPECTRUM_FLOOR = 1e-6
"""Bins of a preconditioner below this share of its largest count as this much."""


class PlayedBranches:
    """Branches played on windows, with everything that the next step needs.

    Convolution is circular in each window, as in gauss_newton.Played.

    Attributes:
        branches: what is played.
        heard: what it is compared with.
        inputs: the spectra of the inputs, ``(inputs, windows, bins)``.
        placed: what each branch's curve was sent; None where it has none.
        error: the error-to-signal ratio.
    """

    def __init__(self, branches: tuple[Branch, ...], heard: Heard, inputs: np.ndarray):
        self.branches, self.heard, self.inputs = branches, heard, inputs
        self.samples = heard.heard.shape[-1]
        self.before = [self._gains(each.before) for each in branches]
        self.after = [self._gains(1.0 if b.after is None else b.after) for b in branches]
        self.placed: list[Placed | None] = []
        self.bent: list[np.ndarray] = []  # the spectrum that each branch's last filter hears
        for branch, gains in zip(branches, self.before, strict=True):
            signal = self._mixed(branch, gains)
            placed = None
            if branch.curve is not None:
                placed = Placed.of(branch.curve, self._back(signal))
                signal = self._transform(placed.value(branch.curve.coefficients))
            self.placed.append(placed)
            self.bent.append(signal)
        played = sum(bent * after for bent, after in zip(self.bent, self.after, strict=True))
        self.residual = (heard.wet - self._back(np.asarray(played))) * heard.heard
        self.energy = energy_of(heard.wet * heard.heard)
        self.error = energy_of(self.residual) / max(self.energy, 1e-30)

    @classmethod
    def of(cls, branches: tuple[Branch, ...], heard: Heard) -> PlayedBranches:
        """Play branches for the first time."""
        inputs = rfft(heard.inputs, workers=-1).astype(np.complex64)
        return cls(branches, heard, inputs)

    def moved(self, step: np.ndarray) -> PlayedBranches:
        """Play the branches that a step ``(parameters,)`` leads to."""
        parts = split(self.branches, step)
        branches = tuple(each.moved(part) for each, part in zip(self.branches, parts, strict=True))
        return PlayedBranches(branches, self.heard, self.inputs)

    def on(self, branches: tuple[Branch, ...]) -> PlayedBranches:
        """Play other branches on the same windows."""
        return PlayedBranches(branches, self.heard, self.inputs)

    def step(self, damping: float, inner_steps: int, stop: Callable[[], bool]) -> np.ndarray:
        """Return a damped Gauss-Newton step; see gauss_newton.Played.step."""
        near = _Preconditioner(self)
        now = flat([each.parts for each in self.branches])
        right = self.answer(self.residual) - near.roughness(now)

        def product(step: np.ndarray) -> np.ndarray:
            whole = self.answer(self.change(step)) + near.roughness(step)
            return whole + damping * near.product(step)

        return descent_step(right, product, near.solved, inner_steps, stop)

    def change(self, step: np.ndarray) -> np.ndarray:
        """Return how the heard output changes with the parameters, to first order."""
        moved = 0.0
        for number, parts in enumerate(split(self.branches, step)):
            signal = self._mixed(self.branches[number], self._gains(parts[0]))
            placed = self.placed[number]
            if placed is not None:
                change = self._back(signal) * placed.slope + placed.value(parts[1])
                signal = self._transform(change) * self.after[number]
                signal += self.bent[number] * self._gains(parts[2])
            moved = moved + signal
        return self._back(np.asarray(moved)) * self.heard.heard

    def answer(self, residual: np.ndarray) -> np.ndarray:
        """Return the adjoint of ``change``: how every parameter answers a residual."""
        spectrum = self._transform(residual * self.heard.heard)  # (windows, bins)
        answers = []
        for number, branch in enumerate(self.branches):
            later: list[np.ndarray] = []
            back = spectrum
            placed = self.placed[number]
            if placed is not None and branch.after is not None:
                signal = self._back(self.after[number].conj() * spectrum)
                after = self._lags(self.bent[number], spectrum, branch.after.shape[-1])
                later = [placed.transposed(signal), after]
                back = self._transform(signal * placed.slope)
            heard = self.inputs[list(branch.hears)]
            answers.append([self._lags(heard, back, branch.before.shape[-1]), *later])
        return flat(answers)

    def loudest(self) -> list[float | None]:
        """Return the largest amplitude that each branch's curve was sent."""
        found: list[float | None] = []
        for branch, gains in zip(self.branches, self.before, strict=True):
            signal = self._back(self._mixed(branch, gains)) * self.heard.heard
            found.append(None if branch.curve is None else float(np.abs(signal).max()))
        return found

    def _mixed(self, branch: Branch, gains: np.ndarray) -> np.ndarray:
        return np.einsum("iwk,ik->wk", self.inputs[list(branch.hears)], gains, optimize=True)

    def _gains(self, taps) -> np.ndarray:
        return rfft(np.atleast_1d(taps).astype(np.float32), self.samples)

    def _transform(self, signal: np.ndarray) -> np.ndarray:
        return rfft(signal, self.samples, workers=-1)

    def _back(self, spectrum: np.ndarray) -> np.ndarray:
        return irfft(spectrum, self.samples, workers=-1)

    def _lags(self, heard: np.ndarray, spectrum: np.ndarray, taps: int) -> np.ndarray:
        return irfft((heard.conj() * spectrum).sum(-2), self.samples)[..., :taps]


class _Preconditioner:
    """The Gauss-Newton matrix with nothing but the blocks of every part, and their inverses."""

    def __init__(self, played: PlayedBranches):
        self.branches = played.branches
        left = energy_of(played.residual) / max(float(played.heard.heard.sum()), 1.0)
        self.before = [_before(played, number) for number in range(len(self.branches))]
        self.inverse = [np.linalg.inv(each) for each in self.before]
        self.after, self.penalties, self.grams, self.factors = [], [], [], []
        for number, branch in enumerate(self.branches):
            placed = played.placed[number]
            if placed is None or branch.curve is None or branch.after is None:
                for each in (self.after, self.penalties, self.grams, self.factors):
                    each.append(None)
                continue
            power = np.abs(played.bent[number]) ** 2
            self.after.append(_circulant(power.sum(0), branch.after.shape[-1], played.samples))
            penalty = roughness_matrix(branch.curve.coefficients, left)
            later = float(np.mean(np.abs(played.after[number]) ** 2))
            gram = definite(later * placed.gram(played.heard.heard) + penalty)
            self.penalties.append(penalty)
            self.grams.append(gram)
            self.factors.append(cho_factor(gram))

    def product(self, step: np.ndarray) -> np.ndarray:
        """Multiply ``(parameters,)`` by the matrix."""
        return self._each(step, self.before, lambda f, s: f * s, lambda n, c: self.grams[n] @ c)

    def solved(self, residual: np.ndarray) -> np.ndarray:
        """Multiply ``(parameters,)`` by the matrix's inverse."""
        return self._each(
            residual, self.inverse, lambda f, s: f / s, lambda n, c: cho_solve(self.factors[n], c)
        )

    def roughness(self, step: np.ndarray) -> np.ndarray:
        """Multiply ``(parameters,)`` by what keeps curves smooth, which is a part of the matrix."""
        parts = split(self.branches, step)
        for number, part in enumerate(parts):
            curves = [self.penalties[number] @ each for each in part[1:2]]
            parts[number] = [np.zeros_like(part[0]), *curves, *map(np.zeros_like, part[2:])]
        return flat(parts)

    def _each(self, step: np.ndarray, matrices, filtered, curve) -> np.ndarray:
        parts = split(self.branches, step)
        for number, part in enumerate(parts):
            taps = part[0].shape[-1]
            before = irfft(np.einsum("kij,jk->ik", matrices[number], rfft(part[0])), taps)
            later = [curve(number, each) for each in part[1:2]]
            after = [irfft(filtered(rfft(f), self.after[number]), f.shape[-1]) for f in part[2:]]
            parts[number] = [before, *later, *after]
        return flat(parts)


def _before(played: PlayedBranches, number: int) -> np.ndarray:
    """Return the block of the filters before a curve, made circulant: ``(bins, in, in)``."""
    branch, placed = played.branches[number], played.placed[number]
    heard = played.inputs[list(branch.hears)]
    gain = np.abs(played.after[number]) ** 2
    if placed is not None:
        gain = gain * np.square(placed.slope).mean()
    power = np.einsum("iwk,jwk->ijk", heard.conj(), heard, optimize=True) * gain
    taps = branch.before.shape[-1]
    lags = irfft(power, played.samples)  # (in, in, time)
    lag = np.arange(taps)
    behind = np.concatenate([lags[..., :1], lags[..., played.samples - taps + 1 :]], -1)
    near = rfft(((taps - lag) * lags[..., :taps] + lag * behind) / taps)
    blocks = np.moveaxis(near, -1, 0)
    blocks = (blocks + blocks.conj().swapaxes(1, 2)) / 2
    values, vectors = np.linalg.eigh(blocks)
    values = np.maximum(values, SPECTRUM_FLOOR * max(float(values.max()), 1e-30))
    return (vectors * values[:, None, :]) @ vectors.conj().swapaxes(1, 2)


def _circulant(power: np.ndarray, taps: int, samples: int) -> np.ndarray:
    """Return the eigenvalues of a filter's block, made circulant."""
    spectrum = rfft(nearest_circulant(irfft(power, samples)[:taps])).real
    return np.maximum(spectrum, SPECTRUM_FLOOR * max(float(spectrum.max()), 1e-30))
