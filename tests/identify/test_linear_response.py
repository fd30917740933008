"""The least-squares solver against a dense solution and against known filters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import fftconvolve

from wetprint.identify import linear_response
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations, solve_fir


def convolution_matrix(dry: np.ndarray, taps: int) -> np.ndarray:
    columns = [
        np.roll(np.pad(side, (0, taps)), lag)[: len(side)] for side in dry for lag in range(taps)
    ]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize(("channels_in", "channels_out"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_agrees_with_dense_least_squares(channels_in, channels_out):
    generator = np.random.default_rng(5)
    taps, exact = 12, LinearFitConfig(ridge=0.0, tolerance=1e-12)
    takes = [(200, 0), (90, 31), (15, 0), (60, 40)]
    equations = NormalEquations(taps, channels_in, channels_out)
    rows, right = [], []
    for length, heard_from in takes:
        dry = generator.standard_normal((channels_in, length))
        wet = generator.standard_normal((channels_out, length))
        equations.add(dry, wet, heard_from)
        rows.append(convolution_matrix(dry, taps)[heard_from:])
        right.append(wet.T[heard_from:])
    expected = np.linalg.lstsq(np.concatenate(rows), np.concatenate(right), rcond=None)[0]
    solved = equations.solve(exact).response
    np.testing.assert_allclose(solved.reshape(channels_out, -1), expected.T, atol=1e-9)


def test_ridge_agrees_with_dense_ridge():
    generator = np.random.default_rng(6)
    dry, wet = generator.standard_normal((2, 1, 80))
    matrix = convolution_matrix(dry, 10)
    ridge = 0.3 * float((dry**2).sum())
    expected = np.linalg.solve(matrix.T @ matrix + ridge * np.eye(10), matrix.T @ wet[0])
    solved = solve_fir(dry, wet, 10, LinearFitConfig(ridge=0.3, tolerance=1e-12))
    np.testing.assert_allclose(solved[0, 0], expected, atol=1e-9)


def test_pieces_of_a_long_recording_give_the_same_as_one(monkeypatch):
    generator = np.random.default_rng(7)
    dry, wet = generator.standard_normal((2, 1, 3000))
    whole = solve_fir(dry, wet, 20)
    monkeypatch.setattr(linear_response, "LEAST_PIECE_SAMPLES", 200)
    np.testing.assert_allclose(solve_fir(dry, wet, 20), whole, atol=1e-9)


def test_recovers_a_long_response_cut_off_at_the_end():
    generator = np.random.default_rng(8)
    response = generator.standard_normal(2000) * np.exp(-np.arange(2000) / 300)
    dry = generator.standard_normal((1, 20_000))
    wet = fftconvolve(dry, response[None])[:, :20_000]
    np.testing.assert_allclose(solve_fir(dry, wet, 2000)[0, 0], response, atol=1e-6)


def test_silence_gives_silence():
    assert not solve_fir(np.zeros((1, 50)), np.ones((1, 50)), 5).any()


def test_stopping_early_keeps_what_was_found():
    generator = np.random.default_rng(0)
    dry = generator.standard_normal((1, 4000))
    wet = np.convolve(dry[0], [1.0, 0.5, -0.25])[None, :4000]
    equations = NormalEquations(64, 1, 1)
    equations.add(dry, wet)
    asked = iter([False, False, True])
    stopped = equations.solve(stop=lambda: next(asked))
    assert stopped.iterations == 2
    np.testing.assert_allclose(stopped.response[0, 0, :3], [1.0, 0.5, -0.25], atol=0.05)
