"""Playing a model: whole, block by block, and from file to file."""

from __future__ import annotations

import resource

import numpy as np
import pytest
import torch

from wetprint.audio import AudioWriter, read, resample, write
from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.errors import AudioFileError
from wetprint.models import Chain, Model
from wetprint.playing import ModelStream, apply_file, play

RATE = 16_000


def model(channels_in: int = 1, channels_out: int = 1) -> Model:
    torch.manual_seed(1)
    network = Dilated(DilatedConfig(channels_in, channels_in, width=3, dilations=(1, 4)))
    torch.nn.init.normal_(network.mix_down.weight, std=0.3)
    cabinet = Fir(FirConfig(80, channels_in, channels_out))
    torch.nn.init.normal_(cabinet.response, std=0.1)
    return Model(Chain([network, cabinet]).requires_grad_(False), RATE)


def noise(channels: int, samples: int) -> np.ndarray:
    generator = np.random.default_rng(0)
    return (0.1 * generator.standard_normal((channels, samples))).astype(np.float32)


@pytest.mark.parametrize(("channels_in", "channels_out"), [(1, 1), (1, 2), (2, 1), (2, 2)])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_block_size_plays_the_same(channels_in, channels_out, channels):
    loaded, audio = model(channels_in, channels_out), noise(channels, 3000)
    whole = play(loaded, audio)
    np.testing.assert_allclose(play(loaded, audio, 64), whole, atol=1e-5)
    np.testing.assert_allclose(play(loaded, audio, 1), whole, atol=1e-5)


def test_a_mono_model_plays_each_side_alone():
    loaded, audio = model(), noise(2, 2000)
    alone = np.concatenate([play(loaded, side[None]) for side in audio])
    np.testing.assert_allclose(play(loaded, audio), alone, atol=1e-6)


def test_a_mono_to_stereo_model_keeps_the_sides_of_stereo_audio():
    loaded, audio = model(1, 2), noise(2, 2000)
    left, right = play(loaded, audio[:1])[0], play(loaded, audio[1:])[1]
    np.testing.assert_allclose(play(loaded, audio), [left, right], atol=1e-6)


def test_a_stereo_model_hears_mono_on_both_sides():
    loaded, audio = model(2, 2), noise(1, 2000)
    both = play(loaded, np.repeat(audio, 2, axis=0))
    np.testing.assert_allclose(play(loaded, audio), both, atol=1e-6)


def test_no_audio_gives_no_audio():
    assert play(model(1, 2), noise(1, 0)).shape == (2, 0)


def test_other_channel_counts_are_refused():
    with pytest.raises(ValueError, match="channels must be 1 or 2, got 3"):
        ModelStream(model(), channels=3)
    with pytest.raises(ValueError, match="expected 1 channels, got 2"):
        ModelStream(model()).process(noise(2, 5))


class TestApplyFile:
    def test_same_rate_equals_playing(self, tmp_path):
        audio = noise(1, 70_001)
        write(tmp_path / "in.wav", audio, RATE, "float32")
        assert apply_file(model(), tmp_path / "in.wav", tmp_path / "out.wav", "float32") == []
        wet, rate = read(tmp_path / "out.wav")
        assert rate == RATE
        np.testing.assert_allclose(wet, play(model(), audio), atol=1e-5)

    @pytest.mark.parametrize("rate", [11_025, 44_100])
    def test_another_rate_is_resampled_there_and_back(self, tmp_path, rate):
        audio = noise(1, 100_003)
        audio[:, -2000:] = 0.0  # so that both ways round the end is silent
        write(tmp_path / "in.wav", audio, rate, "float32")
        notes = apply_file(model(), tmp_path / "in.wav", tmp_path / "out.wav", "float32")
        assert notes
        assert f"{rate} Hz" in notes[0]
        wet, _ = read(tmp_path / "out.wav")
        assert wet.shape == audio.shape
        whole = resample(play(model(), resample(audio, rate, RATE)), RATE, rate)
        middle = slice(0, 97_000)
        np.testing.assert_allclose(wet[:, middle], whole[:, middle], atol=2e-5)

    def test_stereo_through_mono_is_said(self, tmp_path):
        write(tmp_path / "in.wav", noise(2, 3000), RATE)
        notes = apply_file(model(), tmp_path / "in.wav", tmp_path / "out.wav")
        assert notes == ["the model is mono and the file stereo: each side was played alone"]

    def test_a_damaged_file_leaves_nothing_behind(self, tmp_path):
        audio = noise(1, 200_000)
        audio[0, 150_000] = np.nan
        import soundfile

        soundfile.write(tmp_path / "in.wav", audio.T, RATE, "FLOAT")
        with pytest.raises(AudioFileError, match="NaN"):
            apply_file(model(), tmp_path / "in.wav", tmp_path / "out.wav")
        assert [each.name for each in tmp_path.iterdir()] == ["in.wav"]

    def test_memory_does_not_grow_with_length(self, tmp_path):
        loaded, source = model(), tmp_path / "long.wav"
        with AudioWriter(source, RATE, 1) as writer:
            for _ in range(150):
                writer.write(noise(1, 1 << 16))  # 10 minutes, 39 MB as float
        short = tmp_path / "short.wav"
        write(short, noise(1, 1 << 17), RATE)
        apply_file(loaded, short, tmp_path / "out.wav")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        apply_file(loaded, source, tmp_path / "out.wav")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 12_000, f"peak memory grew by {grown} KiB"
