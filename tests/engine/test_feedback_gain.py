"""A compressor that hears itself: the engine agrees with what PyTorch makes of every sample."""

from __future__ import annotations

import itertools

import pytest
import torch

from tests.engine.present import needs_engine
from tests.engine.test_rows import assert_agree
from wetprint.blocks.gain_curve import free_gain_db, knee_gain_db
from wetprint.engine.feedback_gain import FeedbackDetector, feedback_gain

pytestmark = needs_engine

KNEE = torch.tensor([-20.0, 0.2, -2.0, 6.0, 1.0])
FREE = torch.tensor([3.0, 4.0, 0.0, -6.0, -20.0, -22.0])
GRID = (-60.0, 0.0)
RATES = torch.tensor([0.3, 0.1, 0.01])


@pytest.mark.parametrize(
    ("squares", "follows_level", "decoupled", "is_free"),
    list(itertools.product([False, True], repeat=4)),
)
def test_the_gain_and_its_gradients(squares, follows_level, decoupled, is_free):
    torch.manual_seed(1)
    loud = torch.linspace(0.02, 1.0, 300) * torch.rand(2, 300)
    detector = FeedbackDetector(squares, follows_level, decoupled, GRID if is_free else ())

    def curve_of(values):
        if is_free:
            return lambda level: free_gain_db(level, values, *GRID)
        return lambda level: values[4] + knee_gain_db(level, *values[:4])

    def run(heard, rates, values):
        past = torch.tensor([[0.01, 0.02, 0.03, 0.5]]).expand(len(heard), -1).double()
        gain_db, after = feedback_gain(
            heard, detector, rates, values, curve_of(values), past.contiguous()
        )
        assert after.shape == (2, 4)
        return gain_db.view(gain_db.shape)

    assert_agree(run, [loud, RATES, FREE if is_free else KNEE], tolerance=2e-5)


def test_the_state_goes_on():
    heard = torch.rand(1, 400, generator=torch.Generator().manual_seed(2))
    detector = FeedbackDetector(False, False, True, ())
    begun = torch.zeros(1, 4, dtype=torch.float64)

    def play(part, past):
        return feedback_gain(part, detector, RATES, KNEE, lambda level: level, past)

    whole, _ = play(heard, begun)
    first, past = play(heard[:, :130], begun)
    second, _ = play(heard[:, 130:], past)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
