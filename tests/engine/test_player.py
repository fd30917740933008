"""The engine plays what the PyTorch twin plays, whatever the block and however the audio is cut."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.blocks.every_block import CONFIGS, build, named, saturating_echo
from tests.engine.present import needs_engine
from wetprint.blocks.convolution import FirConfig
from wetprint.blocks.delay import DelayConfig
from wetprint.blocks.dilated import DilatedConfig
from wetprint.blocks.film_dilated import FilmDilatedConfig
from wetprint.blocks.gain import GainConfig
from wetprint.blocks.moving_fir import MovingFirConfig
from wetprint.blocks.mu_law_wavenet import MuLawWaveNetConfig
from wetprint.blocks.pitch_shifter import PitchShifterConfig
from wetprint.blocks.recurrent import RecurrentConfig
from wetprint.blocks.state_space import StateSpaceConfig
from wetprint.blocks.wavenet import WaveNetConfig
from wetprint.blocks.waveshaper import WaveshaperConfig
from wetprint.blocks.window_cnn import WindowCnnConfig
from wetprint.engine.player import Player, playable_blocks
from wetprint.learning.material import Take, predict
from wetprint.models import Chain, Model
from wetprint.models.model_file import model_to_bytes
from wetprint.models.parallel import Parallel
from wetprint.models.playing import engine_players
from wetprint.models.registry import BLOCKS, NESTED
from wetprint.playing import ModelStream

pytestmark = needs_engine

RATE = 48_000
SAMPLES = 24_000
SIZES = (1, 2, 3, 7, 16, 63, 64, 65, 127, 128, 500, 4096, 8192)
LONGER = [
    ("fir", FirConfig(256, 2, 2)),
    ("fir", FirConfig(257, 2, 2)),
    ("fir", FirConfig(2049, 1, 2)),
    ("fir", FirConfig(40_000, 2, 1)),
    ("moving_fir", MovingFirConfig(9001.5, 30, 1000, decimation=4, channels_out=2)),
    ("moving_fir", MovingFirConfig(777.7, 500, 65)),
    ("dilated", DilatedConfig()),
    ("dilated", DilatedConfig(width=11, kernel_size=5, dilations=(1, 100, 7), activation="gated")),
    ("wavenet", WaveNetConfig()),
    ("pitch_shifter", PitchShifterConfig()),
    ("pitch_shifter", PitchShifterConfig(1.5, 1024, 150, 3, 9, 0.2, 2, 100, 2)),
    ("lstm", RecurrentConfig()),
    ("gru", RecurrentConfig(33, 2, 2)),
    ("lstm", RecurrentConfig(20, 2, 1, layers=3)),
    ("gru", RecurrentConfig(7, layers=2)),
    ("state_space", StateSpaceConfig(5, 17, 3)),
    ("state_space", StateSpaceConfig(5, 4, 2, film_samples=100)),
    # narrow: many units whose weights are drawn at random move in chaos, apart by rounding alone
    ("film_dilated", FilmDilatedConfig(4)),
    ("mu_law_wavenet", MuLawWaveNetConfig()),
    ("window_cnn", WindowCnnConfig((5, 6, 7, 8), 5, 2, 9, (8, 5))),
]


MOVING = (
    "amplitude_modulation",
    "modulated_delay",
    "moving_fir",
    "periodic_filter",
    "phaser",
)

TIMED = [
    each
    for each in CONFIGS + LONGER
    if each[0] in MOVING or getattr(each[1], "film_samples", 0) > 0
]
"""What depends on when a sound begins."""

HEAD_ONLY = ("pitch_shifter", "octave_divider", "echo", *MOVING)
"""Blocks that stand first in random chains: in a pitch shifter or an octave divider the least
rounding of what it hears may turn a decision, and what moves makes no constant of a constant, while
the engine lets the blocks behind begin as if the last of what became of silence had stood for ever.
Curves in a loop round what is soft as coarsely as what is loud: a few of them in a row leave little
but rounding."""


def noise(channels: int, samples: int = SAMPLES, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (0.3 * generator.standard_normal((channels, samples))).astype(np.float32)


def player_of(chain: Chain) -> Player:
    return Player(model_to_bytes(Model(chain, RATE)))


def cut(samples: int, seed: int) -> list[int]:
    generator = np.random.default_rng(seed)
    edges = np.cumsum(generator.choice(SIZES, samples))
    return edges[edges < samples].tolist()


def by_engine(player: Player, audio: np.ndarray, seed: int = 0) -> np.ndarray:
    pieces = np.split(audio, cut(audio.shape[1], seed), axis=1)
    return np.concatenate([player.process(each) for each in pieces], axis=1)


def by_twin(chain: Chain, audio: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return chain.stream().process(torch.from_numpy(audio)[None])[0].numpy()


def assert_same(played: np.ndarray, expected: np.ndarray, share_of_peak: float = 1e-4) -> None:
    assert played.dtype == np.float32
    np.testing.assert_allclose(played, expected, rtol=0, atol=share_of_peak * abs(expected).max())


def test_every_registered_block_is_played():
    assert playable_blocks() == {*BLOCKS, *NESTED}


def test_parallel_chains_agree_with_the_twin():
    branches = [
        Chain([build("fir", FirConfig(300)), build("waveshaper", WaveshaperConfig(16))]),
        Chain([build("delay", DelayConfig(70)), build("dilated", DilatedConfig(width=3))]),
    ]
    other = Chain([build("fir", FirConfig(40))])
    nested = Parallel([Chain([Parallel(branches), build("gain", GainConfig(1))]), other])
    chain = Chain([build("gain", GainConfig(1)), nested, build("fir", FirConfig(1, 1, 2))])
    audio = noise(1)
    assert_same(by_engine(player_of(chain), audio), by_twin(chain, audio))


def test_branches_that_wait_agree_with_the_twin():
    shifter = build("pitch_shifter", PitchShifterConfig(0.75, 256, 50))
    beside = [build("delay", DelayConfig(20)), build("dilated", DilatedConfig(width=3))]
    chain = Chain([Parallel([Chain([shifter]), Chain(beside)]), build("fir", FirConfig(300))])
    player, audio = player_of(chain), noise(1)
    assert player.lookahead_samples == shifter.lookahead_samples > 0
    assert_same(by_engine(player, audio), by_twin(chain, audio))


@pytest.mark.parametrize("gain", [1.0, -40.0, 1e30])
def test_no_loop_runs_away(gain):
    block = build("echo", saturating_echo)
    block.feedback[0].gain.data.fill_(gain)
    audio = noise(1)
    audio[0, 50] = np.inf
    played = by_engine(player_of(Chain([block])), audio)
    assert np.isfinite(played).all()
    assert abs(played).max() < 1000


@pytest.mark.parametrize("request_", CONFIGS + LONGER, ids=named)
def test_agrees_with_the_twin(request_):
    chain = Chain([build(*request_)])
    audio = noise(chain.channels_in)
    player = player_of(chain)
    assert (player.channels_in, player.channels_out) == (chain.channels_in, chain.channels_out)
    assert player.latency_samples == chain.latency_samples
    assert player.lookahead_samples == chain.lookahead_samples
    assert_same(by_engine(player, audio), by_twin(chain, audio))


@pytest.mark.parametrize("start_sample", [0, 100_003, -777, 480_000 * 3600])
@pytest.mark.parametrize("request_", TIMED, ids=str)
def test_what_moves_agrees_wherever_in_time_it_starts(request_, start_sample):
    moving = build(*request_)
    chain = Chain([build("fir", FirConfig(9, 1, moving.channels_in)), moving])
    audio = noise(1, 9000)
    player = player_of(chain)
    player.reset(start_sample)
    with torch.inference_mode():
        stream = chain.stream(start_sample=start_sample)
        expected = stream.process(torch.from_numpy(audio)[None])[0].numpy()
    assert_same(by_engine(player, audio), expected)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(CONFIGS), min_size=1, max_size=5), st.integers(0, 1000))
def test_random_chains_agree_with_the_twin(drawn, seed):
    blocks = []
    for request in drawn:
        if blocks and request[0] in HEAD_ONLY:
            continue
        block = build(*request)
        if not blocks or blocks[-1].channels_out == block.channels_in:
            blocks.append(block)
    chain = Chain(blocks)
    audio = noise(chain.channels_in, 3000, seed)
    assert_same(by_engine(player_of(chain), audio, seed), by_twin(chain, audio))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("channels_in", "channels_out"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_streams_of_both_agree(monkeypatch, channels, channels_in, channels_out):
    network = build("dilated", DilatedConfig(channels_in, channels_in, 3, 2, (1, 4)))
    model = Model(Chain([network, build("fir", FirConfig(300, channels_in, channels_out))]), RATE)
    audio = noise(channels, 3000)
    stream = ModelStream(model, channels)
    assert stream.played_by == "engine"
    played = stream.process(audio)
    monkeypatch.setenv("WETPRINT_ENGINE", "off")
    twin = ModelStream(model, channels)
    assert twin.played_by == "torch"
    assert_same(played, twin.process(audio))


def test_validation_hears_the_same(monkeypatch):
    chain = Chain([build("dilated", DilatedConfig(width=4)), build("fir", FirConfig(400))])
    take = Take(noise(1, 9000), noise(1, 9000), heard_from=1000)
    played = predict(chain, take, torch.device("cpu"))
    monkeypatch.setenv("WETPRINT_ENGINE", "off")
    assert_same(played, predict(chain, take, torch.device("cpu")))


def test_reset_starts_again():
    chain = Chain([build("dilated", DilatedConfig(width=3)), build("fir", FirConfig(3000))])
    player = player_of(chain)
    first = player.process(noise(1))
    player.process(noise(1, 777, seed=4))
    player.reset()
    np.testing.assert_array_equal(player.process(noise(1)), first)


def test_no_audio_gives_no_audio():
    assert player_of(Chain([build("fir", FirConfig(3, 1, 2))])).process(noise(1, 0)).shape == (2, 0)


def test_other_channel_counts_are_refused():
    with pytest.raises(ValueError, match=r"of shape \(1, time\), got \(2, 5\)"):
        player_of(Chain([build("fir", FirConfig(3))])).process(noise(2, 5))


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_every_level_of_processor_agrees(tmp_path, level):
    """A process is of one level; where the machine lacks it, a lower one plays."""
    chain = Chain([build("wavenet", WaveNetConfig()), build("fir", FirConfig(3000))])
    audio = noise(1, 5000)
    (tmp_path / "a.wetprint").write_bytes(model_to_bytes(Model(chain, RATE)))
    np.save(tmp_path / "in.npy", audio)
    code = (
        "import numpy as np; from pathlib import Path\n"
        "from wetprint.engine.player import Player\n"
        "player = Player(Path('a.wetprint').read_bytes())\n"
        "np.save('out.npy', player.process(np.load('in.npy')))"
    )
    environment = {**os.environ, "WETPRINT_CPU": level}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert_same(np.load(tmp_path / "out.npy"), by_twin(chain, audio))


def test_a_decay_into_nothing_costs_nothing():
    chain = Chain([build("dilated", DilatedConfig(width=8)), build("fir", FirConfig(3000))])
    player = player_of(chain)
    loud, soft = noise(1), noise(1) * np.float32(1e-39)

    def fastest(audio: np.ndarray) -> float:
        times = []
        for _ in range(5):
            start = time.thread_time()
            player.process(audio)
            times.append(time.thread_time() - start)
        return min(times)

    assert fastest(soft) < 4 * fastest(loud)


@pytest.mark.parametrize("damage", [lambda model: model[:-1], lambda _: b"", lambda _: b"x"])
def test_damaged_models_are_refused(damage):
    model = model_to_bytes(Model(Chain([build("fir", FirConfig(3))]), RATE))
    with pytest.raises(ValueError, match="not a whole"):
        Player(damage(model))


def test_what_the_engine_cannot_play_is_left_to_the_twin():
    block = build("fir", FirConfig(3))
    assert engine_players(Chain([block]))
    assert not engine_players(Chain([block.double()]))
    spoilt = build("fir", FirConfig(3))
    spoilt.response[0, 0, 0] = torch.nan
    assert not engine_players(Chain([spoilt]))
