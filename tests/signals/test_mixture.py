"""The default drive: mostly playing, all kinds within thirty seconds, reproducible."""

import itertools

import numpy as np
import pytest

from wetprint.signals import training_mixture
from wetprint.signals.mixture import OTHERS, pieces

RATE = 16000


@pytest.fixture(scope="module")
def two_minutes() -> list[tuple[str, np.ndarray]]:
    total, found = 0, []
    for kind, piece in pieces(7, RATE):
        found.append((kind, piece))
        total += len(piece)
        if total > 120 * RATE:
            return found
    raise AssertionError


def test_three_quarters_are_playing(two_minutes):
    lengths = dict.fromkeys(("playing", *OTHERS), 0)
    for kind, piece in two_minutes:
        lengths[kind] += len(piece)
    shares = {kind: length / sum(lengths.values()) for kind, length in lengths.items()}
    assert shares["playing"] == pytest.approx(0.75, abs=0.05)
    assert min(shares.values()) > 0.02


def test_any_thirty_seconds_hold_all_kinds(two_minutes):
    """The longest stretch without one kind, from the end of one piece to the start of the next."""
    ends = np.cumsum([len(piece) for _, piece in two_minutes]) / RATE
    starts = np.concatenate([[0.0], ends[:-1]])
    for wanted in ("playing", *OTHERS):
        places = [i for i, (kind, _) in enumerate(two_minutes) if kind == wanted]
        gaps = [starts[b] - ends[a] for a, b in itertools.pairwise(places)]
        assert max(gaps) < 28
        assert starts[places[0]] < 15


def test_every_few_seconds_something_different(two_minutes):
    assert max(len(piece) for _, piece in two_minutes) < 5 * RATE
    assert all(a[0] != b[0] for a, b in itertools.pairwise(two_minutes))


def test_a_longer_mixture_begins_as_a_shorter_one_and_seeds_differ():
    short, long, other = (training_mixture(*each, RATE) for each in ((4, 1), (9, 1), (4, 2)))
    assert (short.shape, short.dtype) == ((1, 4 * RATE), np.float32)
    np.testing.assert_array_equal(long[:, : 4 * RATE], short)
    assert np.abs(other - short).max() > 0.01


def test_levels_spread_widely_and_never_clip(two_minutes):
    peaks = np.array([np.abs(piece).max() for kind, piece in two_minutes if kind != "silence"])
    assert peaks.max() <= 10 ** (-1 / 20) + 1e-6
    assert np.ptp(20 * np.log10(peaks)) > 25
    assert all(np.all(piece == 0) for kind, piece in two_minutes if kind == "silence")


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_no_piece_begins_or_ends_with_a_click(kind):
    for seed in range(10):
        piece = OTHERS[kind](np.random.default_rng(seed), RATE)
        assert 0.2 < len(piece) / RATE < 1.6
        assert np.abs(piece[[0, -1]]).max() < 0.02
