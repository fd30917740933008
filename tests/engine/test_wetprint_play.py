"""``wetprint-play``: a file through a model without Python, in the same sound as with it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.blocks.every_block import build
from wetprint.audio import read
from wetprint.blocks.convolution import FirConfig
from wetprint.blocks.dilated import DilatedConfig
from wetprint.models import Chain, Model, save_model
from wetprint.playing import play

RATE = 44_100
PROGRAM = Path(sysconfig.get_path("scripts")) / "wetprint-play"

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists() and not os.environ.get("CI"), reason="no engine here"
)


def model(channels_in: int = 1, channels_out: int = 1, gain: float = 1.0) -> Model:
    network = build("dilated", DilatedConfig(channels_in, channels_in, 4, 3, (1, 5)))
    cabinet = build("fir", FirConfig(500, channels_in, channels_out))
    cabinet.response *= 0.1 * gain / cabinet.response.abs().sum()
    return Model(Chain([network, cabinet]), RATE)


def noise(channels: int, samples: int = 20_001) -> np.ndarray:
    generator = np.random.default_rng(1)
    return (0.1 * generator.standard_normal((channels, samples))).astype(np.float32)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def played(folder: Path, loaded: Model, audio: np.ndarray, subtype: str) -> np.ndarray:
    save_model(loaded, folder / "a.wetprint")
    soundfile.write(folder / "in.wav", audio.T, RATE, subtype)
    ran = run(folder, "a.wetprint", "in.wav", "out.wav")
    assert ran.returncode == 0, ran.stderr
    wet, rate = read(folder / "out.wav")
    assert rate == RATE
    return wet


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("channels_in", "channels_out"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_sounds_as_python_does(tmp_path, subtype, channels, channels_in, channels_out):
    loaded = model(channels_in, channels_out)
    wet = played(tmp_path, loaded, noise(channels), subtype)
    heard, _ = read(tmp_path / "in.wav")
    np.testing.assert_allclose(wet, play(loaded, heard), rtol=0, atol=3e-7)
    assert soundfile.info(tmp_path / "out.wav").subtype == "PCM_24"


def test_peaks_beyond_full_scale_are_kept_and_said(tmp_path):
    loud = model(gain=3000.0)
    save_model(loud, tmp_path / "a.wetprint")
    soundfile.write(tmp_path / "in.wav", noise(1).T, RATE, "FLOAT")
    ran = run(tmp_path, "a.wetprint", "in.wav", "out.wav")
    assert (ran.returncode, "32-bit float" in ran.stderr) == (0, True)
    wet, _ = read(tmp_path / "out.wav")
    expected = play(loud, noise(1))
    assert abs(expected).max() > 1.0
    np.testing.assert_allclose(wet, expected, rtol=0, atol=1e-5 * abs(expected).max())


def test_headers_beyond_the_plain_one_are_read(tmp_path):
    save_model(model(), tmp_path / "a.wetprint")
    soundfile.write(tmp_path / "in.wav", noise(1).T, RATE, "PCM_24", format="WAVEX")
    soundfile.write(tmp_path / "long.wav", noise(1).T, RATE, "PCM_24", format="RF64")
    for name in ("in.wav", "long.wav"):
        assert run(tmp_path, "a.wetprint", name, f"wet-{name}").returncode == 0
    assert (tmp_path / "wet-in.wav").read_bytes() == (tmp_path / "wet-long.wav").read_bytes()


def spoil_rate(folder: Path) -> None:
    soundfile.write(folder / "in.wav", noise(1).T, 48_000)


def spoil_model(folder: Path) -> None:
    whole = (folder / "a.wetprint").read_bytes()
    (folder / "a.wetprint").write_bytes(whole[:-1])


def spoil_sound(folder: Path) -> None:
    audio = noise(1)
    audio[0, 19_000] = np.nan
    soundfile.write(folder / "in.wav", audio.T, RATE, "FLOAT")


SPOILS = {
    spoil_rate: "48000 Hz, but the model plays at 44100 Hz",
    spoil_model: "not a whole .wetprint model",
    spoil_sound: "not numbers",
    lambda folder: (folder / "in.wav").unlink(): "cannot read in.wav",
    lambda folder: (folder / "in.wav").write_bytes(b"RIFF1234WAVE"): "holds no sound",
    lambda folder: (folder / "in.wav").write_bytes(b"hello"): "in.wav",
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_refusals_are_one_sentence_and_leave_nothing(tmp_path, spoil):
    save_model(model(), tmp_path / "a.wetprint")
    soundfile.write(tmp_path / "in.wav", noise(1).T, RATE)
    spoil(tmp_path)
    before = {each.name for each in tmp_path.iterdir()}
    ran = run(tmp_path, "a.wetprint", "in.wav", "out.wav")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert SPOILS[spoil] in ran.stderr
    assert {each.name for each in tmp_path.iterdir()} == before


def test_wrong_usage_is_told(tmp_path):
    ran = run(tmp_path)
    assert (ran.returncode, "usage" in ran.stderr) == (2, True)


def test_memory_does_not_grow_with_length(tmp_path):
    save_model(model(), tmp_path / "a.wetprint")
    peaks = []
    for seconds in (2, 120):
        soundfile.write(tmp_path / "in.wav", np.zeros(seconds * RATE, np.float32), RATE)
        code = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        command = [sys.executable, "-c", code, str(PROGRAM), "a.wetprint", "in.wav", "out.wav"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        peaks.append(int(ran.stdout))
    assert peaks[1] - peaks[0] < 1000, f"peak memory in KiB: {peaks}"
