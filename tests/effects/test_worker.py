"""Plugins that crash, hang, lie or refuse: each becomes one sentence, and nothing is left over."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wetprint.effects import open_effect, parse_spec
from wetprint.effects.hosted import HostedEffect, TimeLimits, ask_worker, plugin_facts
from wetprint.effects.hosting import save_sound
from wetprint.errors import EffectError, OutputError, SpecError

SAMPLE_RATE = 48000


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make temporary folders in a place where leftovers are seen."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def running(mark: str) -> list[int]:
    """List processes that were started with this text among their arguments."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if mark in arguments and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def test_plays_to_the_sample(misbehaving: Callable[[str], str], sound: np.ndarray) -> None:
    effect = open_effect(misbehaving("good") + "?Gain%20(dB)=-6&Invert=on&Steps=3")
    wet = effect.process(sound, SAMPLE_RATE)
    assert wet.dtype == np.float32
    np.testing.assert_allclose(wet, -3 * 10 ** (-6 / 20) * sound, rtol=1e-6)


def test_knobs_come_with_unit_range_and_default(misbehaving: Callable[[str], str]) -> None:
    gain, invert, steps = open_effect(misbehaving("good")).knobs()
    assert (gain.name, gain.unit, gain.minimum, gain.maximum, gain.default) == (
        "Gain (dB)", "dB", -60.0, 20.0, 0.0,
    )  # fmt: skip
    assert (invert.choices, invert.default) == (("off", "on"), 0.0)
    assert (steps.whole, steps.default) == (True, 1.0)


def test_an_unreported_delay_stays(misbehaving: Callable[[str], str], sound: np.ndarray) -> None:
    wet = open_effect(misbehaving("late")).process(sound, SAMPLE_RATE)
    np.testing.assert_array_equal(wet[:, 100:], sound[:, :-100])
    assert not wet[:, :100].any()


def test_a_reported_delay_is_compensated(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    wet = open_effect(misbehaving("reporting")).process(sound, SAMPLE_RATE)
    np.testing.assert_array_equal(wet, sound)


@pytest.mark.parametrize("length", [1, 511, 512, 513])
def test_any_length_comes_back_as_long(misbehaving: Callable[[str], str], length: int) -> None:
    sound = np.linspace(0.1, 0.5, length, dtype=np.float32)[None]
    wet = open_effect(misbehaving("reporting")).process(sound, SAMPLE_RATE)
    np.testing.assert_array_equal(wet, sound)


def test_no_state_survives_a_render(misbehaving: Callable[[str], str], sound: np.ndarray) -> None:
    effect = open_effect(misbehaving("counting"))
    first, second = (effect.process(sound, SAMPLE_RATE) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    # 1.0 s of silence is 93.75 blocks of 512, so the first sound is in the 94th.
    assert first[0, 0] == 94


def test_what_plugins_print_does_not_disturb(
    misbehaving: Callable[[str], str], sound: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    wet = open_effect(misbehaving("talking")).process(sound, SAMPLE_RATE)
    np.testing.assert_array_equal(wet, sound)
    assert capfd.readouterr() == ("", "")


def test_a_crash_names_the_signal_and_the_last_words(
    misbehaving: Callable[[str], str], sound: np.ndarray, scratch: Path
) -> None:
    effect = open_effect(misbehaving("crashing"))
    with pytest.raises(EffectError) as refusal:
        effect.process(sound, SAMPLE_RATE)
    message = str(refusal.value)
    assert "crashed while playing (SIGSEGV: Segmentation fault)" in message
    assert '"about to fall over"' in message
    assert "\n" not in message
    assert list(scratch.iterdir()) == []


def impatient(spec: str) -> HostedEffect:
    """Open an effect that has any time to load but only half a second to play."""
    return HostedEffect(parse_spec(spec)[0], TimeLimits(300.0, 0.5, 0.0))


def test_a_hang_is_ended_with_all_its_children(
    misbehaving: Callable[[str], str], sound: np.ndarray, scratch: Path
) -> None:
    effect = impatient(misbehaving("hanging"))
    with pytest.raises(EffectError, match=r"did not finish 1\.2 s of sound within 0\.5 s and was "):
        effect.process(sound, SAMPLE_RATE)
    assert running(str(scratch)) == []
    assert list(scratch.iterdir()) == []


def test_one_that_never_starts_is_ended(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    with pytest.raises(EffectError, match="was stopped"):
        impatient(misbehaving("slow")).process(sound, SAMPLE_RATE)


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("hang", r"was not loaded after 0\.5 s and was stopped"),
        ("crash", r"crashed while being loaded \(SIGABRT"),
    ],
)
def test_one_that_fails_while_it_is_loaded_is_refused_when_opened(
    misbehaving: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, way: str, says: str
) -> None:
    monkeypatch.setenv("WETPRINT_TEST_LOADING", way)
    limit_s = 0.5 if way == "hang" else 300.0
    with pytest.raises(EffectError, match=says):
        plugin_facts.__wrapped__(*misbehaving("good").split(":", 1), TimeLimits.of(limit_s))


def test_an_interrupt_leaves_no_process_and_no_file(
    misbehaving: Callable[[str], str], scratch: Path
) -> None:
    parent = playing_elsewhere(misbehaving("hanging"), scratch)
    parent.send_signal(signal.SIGINT)
    _, said = parent.communicate(timeout=30)
    assert said.splitlines()[-1] == b"KeyboardInterrupt"
    assert running(f"{scratch}/wetprint-") == []
    assert list(scratch.iterdir()) == []


def playing_elsewhere(spec: str, scratch: Path) -> subprocess.Popen[bytes]:
    """Start a process that plays an effect, and wait until its worker has begun."""
    program = (
        "import signal, sys, tempfile, numpy as np; tempfile.tempdir = sys.argv[2]\n"
        # What a shell starts in the background, and all that this starts, ignores Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from wetprint.effects import open_effect\n"
        "open_effect(sys.argv[1]).process(np.ones((1, 100), np.float32), 48000)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, spec, str(scratch)], stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 10
    while not list(scratch.glob("*/answers.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return parent


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for a signal at the parent's death")
def test_a_killed_parent_leaves_no_worker(misbehaving: Callable[[str], str], scratch: Path) -> None:
    parent = playing_elsewhere(misbehaving("slow"), scratch)
    deadline = time.monotonic() + 10
    parent.kill()
    parent.communicate()
    while running(f"{scratch}/wetprint-") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running(f"{scratch}/wetprint-") == []


def test_nan_is_refused_with_its_place(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    sound[:, :4800] = 0
    with pytest.raises(EffectError, match=r"returned NaN or infinity from 0\.10 s on"):
        open_effect(misbehaving("nan")).process(sound, SAMPLE_RATE)


def test_silence_for_sound_is_refused_unless_allowed(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    effect = open_effect(misbehaving("silent"))
    with pytest.raises(EffectError, match=r"returned silence for sound that peaks at -12\.0 dBFS"):
        effect.process(sound, SAMPLE_RATE)
    assert not effect.process(sound, SAMPLE_RATE, allow_silence=True).any()
    assert not effect.process(0 * sound, SAMPLE_RATE).any()


def test_a_refusal_to_start_names_the_sample_rate(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    with pytest.raises(EffectError, match="cannot be started at 44100 Hz"):
        open_effect(misbehaving("refusing")).process(sound, 44100)


def test_what_takes_no_sound_is_no_effect(misbehaving: Callable[[str], str]) -> None:
    with pytest.raises(EffectError, match="has 0 audio inputs and 1 outputs"):
        open_effect(misbehaving("source"))


def test_missing_ones_are_named_with_the_nearest(misbehaving: Callable[[str], str]) -> None:
    with pytest.raises(EffectError, match="did you mean 'good'"):
        open_effect(misbehaving("goood"))
    with pytest.raises(EffectError, match="holds several plugins; name one"):
        open_effect(misbehaving("good").removesuffix(":good"))
    with pytest.raises(EffectError, match=r"there is no plugin 'nowhere\.so'"):
        open_effect("ladspa:nowhere.so:good")
    with pytest.raises(SpecError, match="did you mean 'Gain \\(dB\\)'"):
        open_effect(misbehaving("good") + "?Gain=1")


def test_a_file_that_is_no_plugin_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("not a library")
    with pytest.raises(EffectError, match="cannot be loaded as LADSPA"):
        open_effect(f"ladspa:{tmp_path}/text.so")


def test_mono_reaches_both_sides_of_a_stereo_effect(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    effect = open_effect(misbehaving("swapping"))
    assert (effect.inputs, effect.outputs) == (2, 2)
    np.testing.assert_array_equal(
        effect.process(sound, SAMPLE_RATE), np.concatenate([sound, sound])
    )


def test_stereo_stays_stereo_in_a_stereo_effect(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    stereo = np.concatenate([sound, 0.5 * sound])
    wet = open_effect(misbehaving("swapping")).process(stereo, SAMPLE_RATE)
    np.testing.assert_array_equal(wet, stereo[::-1])


def test_a_mono_effect_plays_each_side_alone_and_fresh(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    stereo = np.concatenate([sound, 0.5 * sound])
    wet = open_effect(misbehaving("late")).process(stereo, SAMPLE_RATE)
    np.testing.assert_array_equal(wet[:, 100:], stereo[:, :-100])
    counted = open_effect(misbehaving("counting")).process(stereo, SAMPLE_RATE)
    np.testing.assert_array_equal(counted[0], counted[1])


def test_mono_to_stereo_takes_mono_only(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    effect = open_effect(misbehaving("widening"))
    np.testing.assert_array_equal(
        effect.process(sound, SAMPLE_RATE), np.concatenate([sound, -sound])
    )
    with pytest.raises(EffectError, match="makes stereo out of mono"):
        effect.process(np.concatenate([sound, sound]), SAMPLE_RATE)


def test_a_side_chain_hears_silence(misbehaving: Callable[[str], str], sound: np.ndarray) -> None:
    effect = open_effect(misbehaving("ducking"))
    assert (effect.inputs, effect.outputs) == (1, 1)
    np.testing.assert_array_equal(effect.process(sound, SAMPLE_RATE), sound)


@pytest.mark.parametrize("channels", [3, 8])
def test_more_than_two_channels_are_refused(
    misbehaving: Callable[[str], str], channels: int
) -> None:
    with pytest.raises(EffectError, match=f"it has {channels} channels"):
        open_effect(misbehaving("good")).process(np.ones((channels, 9), np.float32), SAMPLE_RATE)


@pytest.mark.parametrize("shape", [(0,), (9,), (1, 0), (0, 9), (1, 1, 9)])
def test_other_shapes_are_refused(misbehaving: Callable[[str], str], shape: tuple) -> None:
    with pytest.raises(ValueError, match="expected \\(channel, time\\)"):
        open_effect(misbehaving("good")).process(np.zeros(shape, np.float32), SAMPLE_RATE)


def test_nan_is_not_sent_to_an_effect(misbehaving: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="NaN or infinity"):
        open_effect(misbehaving("good")).process(np.full((1, 9), np.nan), SAMPLE_RATE)


def test_later_effects_of_a_chain_hear_the_silence_through_the_earlier(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    counting, late = misbehaving("counting"), misbehaving("late")
    wet = open_effect(f"{counting} | {late}").process(sound, SAMPLE_RATE)
    # The delay of 100 is filled before time zero: block 94 begins 384 samples before it.
    assert wet[0, 0] == 94


def test_an_effect_of_a_chain_is_named_when_it_fails(
    misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    chain = open_effect(f"{misbehaving('good')} | {misbehaving('silent')}")
    with pytest.raises(EffectError, match=r"misbehaving\.so:silent returned silence"):
        chain.process(sound, SAMPLE_RATE)


def test_progress_rises_to_the_end(misbehaving: Callable[[str], str]) -> None:
    seen: list[float] = []
    sound = np.ones((1, 10 * SAMPLE_RATE), np.float32)
    chain = open_effect(f"{misbehaving('good')} | {misbehaving('late')}")
    chain.process(sound, SAMPLE_RATE, lambda stage, fraction, detail="": seen.append(fraction))
    assert seen == sorted(seen)
    assert min(seen) < 0.2
    assert 0.9 < max(seen) <= 1.0


def test_a_full_disk_is_called_that(
    misbehaving: Callable[[str], str], sound: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, audio: np.ndarray) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    effect = open_effect(misbehaving("good"))
    monkeypatch.setattr("wetprint.effects.hosted.save_sound", full)
    with pytest.raises(OutputError, match="the disk is full"):
        effect.process(sound, SAMPLE_RATE)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
def test_a_disk_that_fills_up_in_the_worker_is_called_that(
    tmp_path: Path, misbehaving: Callable[[str], str], sound: np.ndarray
) -> None:
    """The device /dev/full takes nothing and says why."""
    save_sound(tmp_path / "dry.f32", sound)
    scheme, identifier = misbehaving("good").split(":", 1)
    request = {
        "task": "play", "scheme": scheme, "identifier": identifier, "settings": {},
        "sample_rate": SAMPLE_RATE, "dry": str(tmp_path / "dry.f32"), "channels": 1,
        "wet": "/dev/full",
    }  # fmt: skip
    with pytest.raises(OutputError, match="the disk is full"):
        ask_worker(request, tmp_path, "the effect", TimeLimits(), 0.25)


def test_files_of_the_users_folder_do_not_disturb_the_worker(
    tmp_path: Path,
    misbehaving: Callable[[str], str],
    sound: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "json.py").write_text("raise ImportError('not the json you wanted')")
    monkeypatch.chdir(tmp_path)
    wet = open_effect(misbehaving("good")).process(sound, SAMPLE_RATE)
    np.testing.assert_array_equal(wet, sound)


def test_the_worker_starts_light() -> None:
    program = (
        "import sys, wetprint.effects.worker\n"
        "heavy = {'torch', 'scipy', 'librosa', 'matplotlib', 'soundfile', 'pedalboard',"
        " 'dawdreamer'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
