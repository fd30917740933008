"""What a number of right answers in a blind test says, for trials fixed in advance.

Each trial has two answers, and a guesser is right half of the time. The test is the exact binomial
one, one-sided: how often would guessing do as well? The interval is that of Clopper and Pearson
(Biometrika 26, 1934, doi:10.1093/biomet/26.4.404), which covers the truth at least as often as it
says. Sensitivity d' follows the differencing model of ABX (Macmillan and Creelman, Detection
Theory, 2nd ed. 2005, chapter 9) without a bias towards A or B: the listener hears how far X is from
either. It suits tests whose passages change from trial to trial. Nothing is corrected for several
tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import optimize, stats

CHANCE = 0.5
LARGEST_D_PRIME = 30.0
"""Beyond this, a double cannot tell the proportion of right answers from 1."""


@dataclass(frozen=True)
class Score:
    """What a count of right answers says.

    Attributes:
        correct: right answers, 0 to ``trials``.
        trials: answers in all, at least 1.
        p_value: chance that guessing gets as many right or more, 0 to 1.
        low: lower end of the two-sided interval of the proportion of right answers.
        high: upper end of it.
        d_prime: sensitivity, 0 at or below chance, infinite when every answer is right.
    """

    correct: int
    trials: int
    p_value: float
    low: float
    high: float
    d_prime: float


def score(correct: int, trials: int, confidence: float = 0.95) -> Score:
    """Judge a number of right answers.

    Args:
        correct: right answers, 0 to ``trials``.
        trials: answers in all, a number fixed before the first, at least 1.
        confidence: of the interval, between 0 and 1.

    Raises:
        ValueError: if the numbers are out of range.

    >>> round(score(12, 16).p_value, 4)
    0.0384
    """
    if trials < 1 or not 0 <= correct <= trials:
        raise ValueError(
            f"expected 0 to {max(trials, 1)} right answers of at least 1, got {correct} of {trials}"
        )
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"expected a confidence between 0 and 1, got {confidence}")
    test = stats.binomtest(correct, trials, CHANCE, alternative="greater")
    interval = stats.binomtest(correct, trials).proportion_ci(confidence, method="exact")
    return Score(
        correct=correct,
        trials=trials,
        p_value=float(test.pvalue),
        low=float(interval.low),
        high=float(interval.high),
        d_prime=d_prime_from_proportion(correct / trials),
    )


def proportion_from_d_prime(d_prime: float) -> float:
    """Give the proportion of right ABX answers of a bias-free differencing listener.

    A listener is right when the sign of A - B and the side on which X falls of their middle are
    both seen rightly or both wrongly; the two have variances 2 and 3/2 and are independent.
    """
    order = float(stats.norm.cdf(d_prime / math.sqrt(2.0)))
    side = float(stats.norm.cdf(d_prime / math.sqrt(6.0)))
    return order * side + (1.0 - order) * (1.0 - side)


def d_prime_from_proportion(proportion: float) -> float:
    """Give the sensitivity that yields a proportion of right ABX answers.

    Returns:
        d' of the differencing model; 0 at or below chance, infinite at 1.
    """
    if proportion <= CHANCE:
        return 0.0
    if proportion >= proportion_from_d_prime(LARGEST_D_PRIME):
        return math.inf

    def excess(d_prime: float) -> float:
        return proportion_from_d_prime(d_prime) - proportion

    return float(optimize.brentq(excess, 0.0, LARGEST_D_PRIME))


def needed_correct(trials: int, significance: float = 0.05) -> int | None:
    """Give the fewest right answers that guessing reaches with at most this probability.

    Returns:
        The count, or None where even all right would not be enough.
    """
    reached = (k for k in range(trials + 1) if score(k, trials).p_value <= significance)
    return next(reached, None)


def power(trials: int, hearing: float, significance: float = 0.05) -> float:
    """Give the chance that a listener who hears the difference that often is found to hear it.

    Args:
        trials: fixed in advance.
        hearing: share of trials in which the difference is heard, 0 to 1; the others are guessed.
        significance: the largest p-value that counts as heard.
    """
    needed = needed_correct(trials, significance)
    if needed is None:
        return 0.0
    return float(stats.binom.sf(needed - 1, trials, hearing + (1.0 - hearing) * CHANCE))
