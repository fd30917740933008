"""A solved impulse response is told in second-order sections where it is one of theirs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import sosfilt

from wetprint.learning.parametric import solve_parametric

BELL = np.array([[1.2, -1.7, 0.75, 1.0, -1.7, 0.95], [0.5, 0.1, 0.0, 1.0, -0.4, 0.0]])


@pytest.mark.parametrize("delay", [0, 23])
def test_an_equaliser_is_found_behind_its_delay(delay):
    impulse = np.eye(1, 3000)[0]
    response = sosfilt(BELL, np.eye(1, 3000, delay)[0])
    chain = solve_parametric(response[None, None], 1e-13)
    assert chain is not None
    assert [type(each).__name__ for each in chain] == ["Delay", "Biquads"][not delay :]
    played = chain(torch.from_numpy(impulse).float()[None, None])[0, 0].detach().numpy()
    assert np.square(played - response).sum() < 1e-11 * np.square(response).sum()


def test_a_stereo_response_and_a_cabinet_are_left_alone():
    generator = np.random.default_rng(2)
    cabinet = generator.standard_normal((1, 1, 2000)) * np.exp(-np.arange(2000) / 300.0)
    assert solve_parametric(cabinet, 1e-9) is None
    assert solve_parametric(np.repeat(sosfilt(BELL, np.eye(1, 300))[None], 2, axis=0), 1e-9) is None
