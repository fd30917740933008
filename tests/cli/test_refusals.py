"""Bad input: one clear sentence, exit status 1, no file left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from wetprint.audio import write
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.models import Chain, Model, save_model
from wetprint.signals import playing

RATE = 16_000


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Good and bad files to choose from."""
    folder = tmp_path_factory.mktemp("sounds")
    dry = playing(6.0, 5, RATE)
    wet = (0.4 * np.tanh(5 * dry)).astype(np.float32)
    other = playing(6.0, 99, RATE)
    write(folder / "dry.wav", dry, RATE)
    write(folder / "wet.wav", wet, RATE)
    write(folder / "unrelated.wav", other, RATE)
    write(folder / "silent.wav", 0 * dry, RATE)
    write(folder / "short.wav", wet[:, : 3 * RATE], RATE)
    write(folder / "rate.wav", wet, 22_050)
    write(folder / "three.wav", np.repeat(dry, 3, axis=0), RATE)
    (folder / "text.wav").write_text("not a sound")
    soundfile.write(folder / "empty.wav", np.zeros((0, 1)), RATE)
    broken = np.array(wet)
    broken[0, 1000] = np.nan
    soundfile.write(folder / "nan.wav", broken.T, RATE, "FLOAT")
    whole = (folder / "wet.wav").read_bytes()
    (folder / "truncated.wav").write_bytes(whole[: len(whole) // 2])
    model = Model(Chain([Gain(GainConfig())]), RATE)
    save_model(model, folder / "wire.wetprint")
    whole = (folder / "wire.wetprint").read_bytes()
    (folder / "half.wetprint").write_bytes(whole[: len(whole) // 2])
    return folder


LEARN = [
    (["dry.wav", "none.wav"], "none.wav"),
    (["dry.wav", "text.wav"], "text.wav"),
    (["dry.wav", "empty.wav"], "empty.wav"),
    (["dry.wav", "truncated.wav"], "truncated.wav"),
    (["dry.wav", "nan.wav"], "NaN"),
    (["dry.wav", "silent.wav"], "silen"),
    (["silent.wav", "wet.wav"], "silen"),
    (["dry.wav", "unrelated.wav"], "unrelated"),
    (["dry.wav", "rate.wav"], "22050"),
    (["dry.wav", "short.wav"], "3.0"),
    (["dry.wav", "three.wav"], "channels"),
    ([".", "wet.wav"], "folder"),
    (["--effect", "builtin:Distorsion"], "did you mean 'Distortion'"),
    (["--effect", "builtin:Distortion?drvie_db=3"], "did you mean 'drive_db'"),
    (["--effect", "builtin:LowpassFilter?cutoff_frequency_hz=-5"], "from"),
    (["--effect", "lv2:http://nowhere.example/plugin"], "nowhere.example"),
    (["--effect", "vst3:/none.vst3"], "none.vst3"),
    (["--effect", "fuzz"], "scheme"),
    (["--effect", "command:false {in} {out}"], "false"),
    (["dry.wav", "wet.wav", "--model", "wavnet"], "no model 'wavnet'"),
    (["dry.wav", "wet.wav", "--device", "tpu"], "no device 'tpu'"),
    (["dry.wav", "wet.wav", "--resume"], "resume"),
]


@pytest.mark.parametrize(("arguments", "phrase"), LEARN, ids=lambda each: " ".join(each)[:50])
def test_learn_refuses(wetprint, sounds, tmp_path, monkeypatch, arguments, phrase):
    monkeypatch.chdir(sounds)
    before = sorted(sounds.iterdir())
    output = tmp_path / "model.wetprint"
    ran = wetprint("learn", *arguments, "-o", output, "--minutes", 0.3, "--sample-rate", RATE)
    assert ran.status == 1
    assert ran.out == ""
    assert ran.err.startswith("wetprint: ")
    assert len(ran.err.strip().splitlines()) == 1
    assert phrase.lower() in ran.err.lower()
    assert list(tmp_path.iterdir()) == []
    assert sorted(sounds.iterdir()) == before


OTHERS = [
    (["apply", "wire.wetprint", "none.wav", "{out}.wav"], "none.wav"),
    (["apply", "wire.wetprint", "text.wav", "{out}.wav"], "text.wav"),
    (["apply", "wire.wetprint", "truncated.wav", "{out}.wav"], "truncated"),
    (["apply", "wire.wetprint", "nan.wav", "{out}.wav"], "NaN"),
    (["apply", "wire.wetprint", "dry.wav", "{out}/none/out.wav"], "no folder"),
    (["apply", "wire.wetprint", "dry.wav", "{out}.xyz"], ".xyz"),
    (["apply", "wire.wetprint", "three.wav", "{out}.wav"], "1 or 2 channels"),
    (["apply", "wire.wetprint", "dry.wav", "dry.wav"], "is the dry file itself"),
    (["apply", "wire.wetprint", "dry.wav", "dry.wav/out.wav"], "no folder"),
    (["apply", "none.wetprint", "dry.wav", "{out}.wav"], "no file"),
    (["apply", "half.wetprint", "dry.wav", "{out}.wav"], "half.wetprint"),
    (["apply", "dry.wav", "dry.wav", "{out}.wav"], "dry.wav"),
    (["apply", "wire.wetprint", "dry.wav", "{out}.wav", "--phase", "0.5"], "nothing moves"),
    (["info", "half.wetprint"], "half.wetprint"),
    (["evaluate", "wire.wetprint", "dry.wav", "unrelated.wav"], "unrelated"),
    (
        ["evaluate", "wire.wetprint", "dry.wav", "wet.wav", "--report", "{out}/none/r.html"],
        "folder",
    ),
    (["render", "builtin:Gain", "none.wav", "{out}.wav"], "none.wav"),
    (["render", "builtin:Gain", "dry.wav"], "OUT"),
    (["generate", "dry.wav"], "dry.wav"),
    (["capture", "{out}/none/c.wav"], "folder"),
    (["effects", "lv3:x"], "lv2"),
]


@pytest.mark.parametrize(("arguments", "phrase"), OTHERS, ids=lambda each: " ".join(each)[:60])
def test_other_commands_refuse(wetprint, sounds, tmp_path, monkeypatch, arguments, phrase):
    monkeypatch.chdir(sounds)
    before = sorted(sounds.iterdir())
    ran = wetprint(*(each.replace("{out}", str(tmp_path / "out")) for each in arguments))
    assert ran.status == 1, ran.out
    assert ran.err.startswith("wetprint: ")
    assert len(ran.err.strip().splitlines()) == 1
    assert phrase.lower() in ran.err.lower()
    assert list(tmp_path.iterdir()) == []
    assert sorted(sounds.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["learn"],
        ["learn", "dry.wav"],
        ["learn", "dry.wav", "wet.wav", "--effect", "builtin:Gain"],
        ["learn", "dry.wav", "wet.wav", "--minutes", "-1"],
        ["apply", "wire.wetprint", "dry.wav", "out.wav", "--phase", "inf"],
        ["evaluate", "wire.wetprint"],
        ["evaluate", "wire.wetprint", "--effect", "builtin:Gain"],
        ["unknown"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(wetprint, sounds, monkeypatch, arguments):
    monkeypatch.chdir(sounds)
    assert wetprint(*arguments).status == 2


def test_a_slightly_shorter_wet_is_trimmed_and_said(wetprint, sounds, tmp_path):
    audio, rate = soundfile.read(sounds / "wet.wav")
    soundfile.write(tmp_path / "wet.wav", audio[:-300], rate)
    options = ["-o", tmp_path / "m.wetprint", "--model", "linear", "--minutes", 0.5]
    ran = wetprint("learn", sounds / "dry.wav", tmp_path / "wet.wav", *options)
    assert ran.status == 0
    assert "300" in ran.err


def test_a_clipped_wet_is_warned_of(wetprint, sounds, tmp_path):
    audio, rate = soundfile.read(sounds / "wet.wav")
    soundfile.write(tmp_path / "wet.wav", np.clip(6 * audio, -1, 1), rate)
    options = ["-o", tmp_path / "m.wetprint", "--model", "linear", "--minutes", 0.5]
    ran = wetprint("learn", sounds / "dry.wav", tmp_path / "wet.wav", *options)
    assert ran.status == 0
    assert "clip" in ran.err


def start(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "wetprint.cli", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


class Interrupted:
    """A training that is interrupted once there is something to go on from."""

    def __init__(self, sounds, folder):
        self.output, self.state = folder / "m.wetprint", folder / "m.wetprint.resume"
        recordings = [sounds / "dry.wav", sounds / "wet.wav"]
        self.command = ["learn", *recordings, "-o", self.output, "--model", "dilated"]

    def interrupt(self, sent: signal.Signals) -> tuple[int, str]:
        """Return the exit status and what was said."""
        learning = start(*self.command, "--minutes", 2)
        deadline = time.monotonic() + 60
        while not self.state.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        learning.send_signal(sent)
        _, err = learning.communicate(timeout=30)
        return learning.returncode, err

    def resume(self, minutes: float) -> str:
        """Go on, and return what was printed."""
        resumed = start(*self.command, "--minutes", minutes, "--resume")
        out, err = resumed.communicate(timeout=60)
        assert resumed.returncode == 0, err
        return out


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminate"])
def test_interrupting_training_keeps_the_best_so_far(sounds, tmp_path, sent):
    training = Interrupted(sounds, tmp_path)
    status, err = training.interrupt(sent)
    assert status == 1
    assert "--resume" in err
    assert "Traceback" not in err
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == [training.output.name, training.state.name]
    training.resume(minutes=0.1)
    assert [each.name for each in tmp_path.iterdir()] == [training.output.name]


def test_resuming_when_the_time_is_up_keeps_what_was_judged(sounds, tmp_path):
    training = Interrupted(sounds, tmp_path)
    training.interrupt(signal.SIGINT)
    assert "kept: dilated" in training.resume(minutes=0.05)
    assert [each.name for each in tmp_path.iterdir()] == [training.output.name]


@pytest.mark.parametrize(
    ("sent", "after_seconds"),
    [(signal.SIGINT, 0.3), (signal.SIGTERM, 1.5), (signal.SIGHUP, 2.5)],
    ids=["ctrl-c", "terminate", "closed"],
)
def test_interrupting_early_leaves_nothing(tmp_path, sent, after_seconds):
    begun = start(
        "learn", "--effect", "builtin:Distortion", "-o", tmp_path / "m.wetprint", "--minutes", 2
    )
    time.sleep(after_seconds)
    begun.send_signal(sent)
    begun.send_signal(sent)  # an impatient user must not keep it from tidying up
    _, err = begun.communicate(timeout=60)
    assert err == "wetprint: interrupted; nothing half-written was left\n"
    assert begun.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(sounds, tmp_path):
    """A limit on file size stands in for a full disk; it raises the same kind of error."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "from wetprint.cli.main import main\n"
        "main()"
    )
    arguments = ["apply", sounds / "wire.wetprint", sounds / "dry.wav", tmp_path / "out.wav"]
    ran = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert "out.wav" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert os.listdir(tmp_path) == []  # noqa: PTH208
