"""A compressor in front of a filter is solved whole."""

from __future__ import annotations

import math

import numpy as np
import torch

from tests.learning.sounds import RATE, cabinet, material
from wetprint.blocks.compressor import Compressor, CompressorConfig
from wetprint.blocks.convolution import Fir
from wetprint.learning.linear import never, solve_linear_model
from wetprint.learning.squashed import solve_compressor


def squashed(audio: np.ndarray) -> np.ndarray:
    block = Compressor(CompressorConfig()).requires_grad_(False)
    block.attack_log.data.fill_(math.log(0.002 * RATE))
    block.release_log.data.fill_(math.log(0.060 * RATE))
    return block(torch.from_numpy(audio)[None])[0].numpy()


def solved(effect):
    heard = material(effect)
    linear = solve_linear_model(heard, 256)
    chain = solve_compressor(heard, linear.response, linear.error, never, never)
    return chain, heard, linear.error


def test_a_filter_behind_it_is_solved_too():
    chain, heard, linear_error = solved(lambda audio: cabinet(squashed(audio)))
    take = heard.validation[0]
    left = chain(torch.from_numpy(take.dry)[None])[0].detach().numpy() - take.wet
    assert [type(each) for each in chain] == [Compressor, Fir]
    error = np.square(left).sum() / np.square(take.wet).sum()
    assert error < 0.1 * linear_error
