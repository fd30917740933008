"""Answers of a blind test at values derived by hand, and with simulated listeners."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from wetprint.judging.listening import statistics

LISTENERS = 4000


def simulated_answers(hearing: float, trials: int, seed: int) -> np.ndarray:
    """Right answers of many listeners who hear with this probability and guess otherwise."""
    random = np.random.default_rng(seed)
    heard = random.random((LISTENERS, trials)) < hearing
    guessed_right = random.random((LISTENERS, trials)) < 0.5
    return np.sum(heard | guessed_right, axis=1)  # (listener,)


def found_to_hear(correct: np.ndarray, trials: int) -> np.ndarray:
    p_values = np.array([statistics.score(k, trials).p_value for k in range(trials + 1)])
    return p_values[correct] <= 0.05  # (listener,)


def test_twelve_of_sixteen_by_counting() -> None:
    ways = sum(math.comb(16, k) for k in range(12, 17))  # 2517 of 65536
    assert statistics.score(12, 16).p_value == pytest.approx(ways / 2**16, rel=1e-12)
    assert statistics.needed_correct(16) == 12
    assert statistics.needed_correct(4) is None  # 1/16 is more than 0.05


@pytest.mark.parametrize("trials", [1, 10, 25])
def test_interval_in_closed_form_when_all_or_none_are_right(trials: int) -> None:
    edge = 0.025 ** (1.0 / trials)
    every, none = statistics.score(trials, trials), statistics.score(0, trials)
    assert (every.low, every.high) == pytest.approx((edge, 1.0))
    assert (none.low, none.high) == pytest.approx((0.0, 1.0 - edge))
    assert every.d_prime == math.inf
    assert none.d_prime == 0.0


@pytest.mark.parametrize("truth", [0.5, 0.6, 0.75, 0.9, 0.99])
def test_interval_covers_the_truth_as_often_as_it_says(truth: float) -> None:
    trials = 20
    scores = [statistics.score(k, trials) for k in range(trials + 1)]
    covered = sum(
        float(stats.binom.pmf(s.correct, trials, truth)) for s in scores if s.low <= truth <= s.high
    )
    assert covered >= 0.95


@pytest.mark.parametrize("d_prime", [0.5, 1.0, 2.0, 3.0])
def test_d_prime_agrees_with_listeners_who_difference(d_prime: float) -> None:
    random = np.random.default_rng(3)
    a, b, x = random.standard_normal((3, 200_000))
    b += d_prime
    x += d_prime  # X is B
    right = np.mean(np.abs(x - b) < np.abs(x - a))
    assert right == pytest.approx(statistics.proportion_from_d_prime(d_prime), abs=0.005)
    back = statistics.d_prime_from_proportion(statistics.proportion_from_d_prime(d_prime))
    assert back == pytest.approx(d_prime, rel=1e-9)


def test_guessing_listeners_seldom_pass() -> None:
    correct = simulated_answers(0.0, 16, seed=1)
    passed = np.mean(found_to_hear(correct, 16))
    assert passed == pytest.approx(2517 / 2**16, abs=0.01)


@pytest.mark.parametrize("hearing", [0.3, 0.6, 0.9])
def test_hearing_listeners_pass_as_often_as_the_power_says(hearing: float) -> None:
    correct = simulated_answers(hearing, 20, seed=2)
    passed = np.mean(found_to_hear(correct, 20))
    assert passed == pytest.approx(statistics.power(20, hearing), abs=0.025)


@pytest.mark.parametrize(("correct", "trials"), [(3, 2), (-1, 4), (0, 0)])
def test_impossible_counts_are_refused(correct: int, trials: int) -> None:
    with pytest.raises(ValueError, match="right answers"):
        statistics.score(correct, trials)
