"""Programs as effects: commands, impulse responses, REAPER, MrsWatson, learned models."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wetprint import audio
from wetprint.effects import Effect, open_effect, render_folder
from wetprint.errors import EffectError, SpecError

from .conftest import missing

SAMPLE_RATE = 48000

# Plays {in} to {out} with one change; what it was given is kept beside it in calls.json.
STAND_IN = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
calls = here / "calls.json"
told = json.loads(calls.read_text()) if calls.exists() else []
listed = pathlib.Path(sys.argv[-1])
text = listed.read_text() if listed.name == "filelist.txt" else ""
calls.write_text(json.dumps([*told, {{"arguments": sys.argv[1:], "list": text}}]))
from wetprint import audio
{body}
"""


@pytest.fixture
def sox() -> Callable[[str], Effect]:
    """Open a sox command, or skip."""
    if shutil.which("sox") is None:
        missing("sox")
    return lambda effect: open_effect(f"command:sox {{in}} {{out}} {effect}")


@pytest.fixture
def stand_in(tmp_path: Path) -> Callable[[str], Path]:
    """Write a program that records what it is given and then runs a body."""

    def write(body: str) -> Path:
        program = tmp_path / "stand-in"
        program.write_text(STAND_IN.format(python=sys.executable, body=body))
        program.chmod(0o755)
        return program

    return write


def calls(program: Path) -> list[dict]:
    return json.loads(program.with_name("calls.json").read_text())


# --- command ------------------------------------------------------------------


def test_a_command_plays(sox: Callable[[str], Effect], sound: np.ndarray) -> None:
    wet = sox("vol -0.5").process(sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet, -0.5 * sound, atol=1e-7)


def test_a_command_hears_silence_first(sox: Callable[[str], Effect], sound: np.ndarray) -> None:
    wet = sox("delay 0.1").process(sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet[:, 4800:], sound[:, :-4800], atol=1e-7)
    assert not wet[:, :4800].any()


def test_a_longer_result_is_cut_and_another_rate_brought_back(
    sox: Callable[[str], Effect],
) -> None:
    seconds = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    sine = (0.3 * np.sin(2 * np.pi * 440 * seconds)).astype(np.float32)[None]
    wet = sox("rate 44100 pad 0 1").process(sine, SAMPLE_RATE)
    assert wet.shape == sine.shape
    inner = slice(1000, -1000)
    np.testing.assert_allclose(wet[:, inner], sine[:, inner], atol=1e-3)


def test_a_slightly_shorter_result_is_filled_with_silence(
    sox: Callable[[str], Effect], sound: np.ndarray
) -> None:
    wet = sox("trim 0 -0.01").process(sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet[:, :-480], sound[:, :-480], atol=1e-7)
    assert not wet[:, -480:].any()


def test_a_much_shorter_result_is_refused(sox: Callable[[str], Effect], sound: np.ndarray) -> None:
    with pytest.raises(EffectError, match=r"returned 0\.62 s for 1\.25 s of sound"):
        sox("speed 2").process(sound, SAMPLE_RATE)


def test_a_failing_command_is_quoted(sox: Callable[[str], Effect], sound: np.ndarray) -> None:
    with pytest.raises(EffectError, match=r"ended with status \d.*its last words: \"sox FAIL"):
        sox("no_such_effect").process(sound, SAMPLE_RATE)


def test_a_result_elsewhere_is_named(tmp_path: Path, sound: np.ndarray) -> None:
    effect = open_effect("command:cp {in} {out}.bak")
    with pytest.raises(EffectError, match=r"wrote only wet\.wav\.bak"):
        effect.process(sound, SAMPLE_RATE)


def test_extra_files_beside_the_result_vanish(
    tmp_path: Path, sound: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    effect = open_effect('command:sh -c \'cp "$0" "$1"; cp "$0" "$1.extra"\' {in} {out}')
    np.testing.assert_array_equal(effect.process(sound, SAMPLE_RATE), sound)
    assert list(tmp_path.iterdir()) == []


def test_a_result_that_is_no_sound_is_refused(sound: np.ndarray) -> None:
    with pytest.raises(EffectError, match="returned no usable sound"):
        open_effect("command:sh -c 'echo no > \"$0\"' {out} {in}").process(sound, SAMPLE_RATE)


def test_a_hanging_command_is_ended(sound: np.ndarray) -> None:
    effect = open_effect("command:sh -c 'sleep 60' {in} {out}", timeout_seconds=0.3)
    with pytest.raises(EffectError, match=r"did not finish 1\.2 s of sound within 0\.6 s"):
        effect.process(sound, SAMPLE_RATE)


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("command:sox {in} out.wav", SpecError, "has no {out}"),
        ("command:sox in.wav {out}", SpecError, "has no {in}"),
        ("command:sox '{in} {out}", SpecError, "cannot be split into words"),
        ("command:soxxx {in} {out}", EffectError, "there is no program 'soxxx'"),
        ("command:cp {in} {out}?encoding=mp3", SpecError, "one of 'float32' (0), 'pcm24' (1)"),
    ],
)
def test_commands_are_checked_when_opened(spec: str, error: type, says: str) -> None:
    with pytest.raises(error) as refusal:
        open_effect(spec)
    assert says in str(refusal.value)


def test_a_loud_sound_is_not_clipped_on_its_way_to_an_integer_file(sound: np.ndarray) -> None:
    effect = open_effect("command:cp {in} {out}?encoding=pcm16")
    np.testing.assert_allclose(effect.process(sound, SAMPLE_RATE), sound, atol=2**-15)
    with pytest.raises(EffectError, match=r"reaches \+6\.0 dBFS; lower it"):
        effect.process(8 * sound, SAMPLE_RATE)


def test_a_program_may_be_stereo(sox: Callable[[str], Effect], sound: np.ndarray) -> None:
    assert sox("channels 2").process(sound, SAMPLE_RATE).shape == (2, sound.shape[1])
    with pytest.raises(EffectError, match="returned 4 channels"):
        sox("channels 4").process(sound, SAMPLE_RATE)


# --- ir -----------------------------------------------------------------------


def write_response(path: Path, taps: list[list[float]], sample_rate: int = SAMPLE_RATE) -> str:
    audio.write(path, np.array(taps, np.float32), sample_rate, "float32")
    return f"ir:{path}"


def test_a_response_is_convolved(tmp_path: Path, sound: np.ndarray) -> None:
    effect = open_effect(write_response(tmp_path / "ir.wav", [[0.5, 0.0, -0.25]]))
    wet = effect.process(sound, SAMPLE_RATE)
    expected = 0.5 * sound
    expected[:, 2:] -= 0.25 * sound[:, :-2]
    np.testing.assert_allclose(wet, expected, atol=1e-7)


def test_a_stereo_response_makes_stereo(tmp_path: Path, sound: np.ndarray) -> None:
    effect = open_effect(write_response(tmp_path / "ir.wav", [[1.0], [-0.5]]))
    wet = effect.process(sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet, np.concatenate([sound, -0.5 * sound]), atol=1e-7)
    stereo = np.concatenate([sound, 2 * sound])
    wet = effect.process(stereo, SAMPLE_RATE)
    np.testing.assert_allclose(wet, np.concatenate([sound, -sound]), atol=1e-7)


def test_a_response_keeps_its_gain_at_another_sample_rate(tmp_path: Path) -> None:
    """A constant passes with the sum of the taps, 1.25, whatever the rate."""
    taps = np.zeros(4410)
    taps[[1000, 2000]] = 1.0, 0.25
    effect = open_effect(write_response(tmp_path / "ir.wav", [taps.tolist()], 44100))
    for sample_rate in (44100, 48000, 96000):
        wet = effect.process(np.full((1, sample_rate), 0.4, np.float32), sample_rate)
        np.testing.assert_allclose(wet[0, sample_rate // 2], 0.5, rtol=1e-4)


@pytest.mark.parametrize(
    ("taps", "says"),
    [([[0.0, 0.0]], "is silent"), ([[1.0]] * 3, "has 3 channels")],
)
def test_what_is_no_response_is_refused(tmp_path: Path, taps: list[list[float]], says: str) -> None:
    with pytest.raises(EffectError, match=says):
        open_effect(write_response(tmp_path / "ir.wav", taps))


def test_a_missing_response_is_named(tmp_path: Path) -> None:
    with pytest.raises(EffectError, match=r"no such file.*none\.wav"):
        open_effect(f"ir:{tmp_path}/none.wav")


# --- reaper -------------------------------------------------------------------

REAPER_BODY = """
for line in text.splitlines():
    if line.startswith("<CONFIG"):
        break
    dry, wet = line.split(chr(9))
    sound, rate = audio.read(dry)
    audio.write(wet, -0.5 * sound.repeat(2 // len(sound), axis=0), rate, "float32")
"""


@pytest.fixture
def reaper(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """Put a stand-in in REAPER's place, and a chain beside it."""
    program = stand_in(REAPER_BODY)
    monkeypatch.setenv("WETPRINT_REAPER", str(program))
    (tmp_path / "my chain.RfxChain").write_text("BYPASS 0 0 0\n")
    return program


def test_reaper_is_given_the_documented_list(reaper: Path, sound: np.ndarray) -> None:
    chain = reaper.with_name("my chain.RfxChain")
    wet = open_effect(f"reaper:{chain}").process(sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet, -0.5 * np.concatenate([sound, sound]), atol=1e-7)
    (call,) = calls(reaper)
    assert call["arguments"][:-1] == ["-newinst", "-nosplash", "-batchconvert"]
    folder = Path(call["arguments"][-1]).parent
    assert call["list"] == (
        f"{folder}/dry_0000.wav\t{folder}/out/wet_0000.wav\n"
        "<CONFIG\n"
        "  NCH 2\n"
        "  FX_NCH 2\n"
        f'  FXCHAIN "{chain}"\n'
        "  <OUTFMT\n"
        "    ZXZhdyAAAQ==\n"
        "  >\n"
        ">\n"
    )
    assert not folder.exists()


def test_reaper_renders_a_folder_in_one_call(
    reaper: Path, sound: np.ndarray, tmp_path: Path
) -> None:
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    for name, gain in (("a.wav", 1.0), ("b.wav", 0.5)):
        audio.write(dataset / name, gain * sound, SAMPLE_RATE)
    spec = f"reaper:{reaper.with_name('my chain.RfxChain')}"
    assert render_folder(spec, dataset).rendered == ("a.wav", "b.wav")
    assert len(calls(reaper)) == 1
    for name, gain in (("a.wav", 1.0), ("b.wav", 0.5)):
        wet, _ = audio.read(dataset / "processed" / name)
        np.testing.assert_allclose(wet[1], -0.5 * gain * sound[0], atol=1e-6)
    assert render_folder(spec, dataset).kept == ("a.wav", "b.wav")
    assert len(calls(reaper)) == 1


def test_reaper_writing_nothing_is_reported_with_its_log(
    reaper: Path, stand_in: Callable[[str], Path], sound: np.ndarray
) -> None:
    stand_in("listed.with_name('filelist.txt.log').write_text('OK\\nplugin not found\\n')")
    effect = open_effect(f"reaper:{reaper.with_name('my chain.RfxChain')}?channels=1")
    with pytest.raises(EffectError, match='wrote no file at all; its last words: "plugin not foun'):
        effect.process(sound, SAMPLE_RATE)
    assert "NCH 1\n" in calls(reaper)[0]["list"]


def test_reaper_and_its_chain_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EffectError, match="there is no REAPER effect chain"):
        open_effect(f"reaper:{tmp_path}/none.RfxChain")
    (tmp_path / "a.RfxChain").write_text("")
    monkeypatch.setenv("WETPRINT_REAPER", str(tmp_path / "gone"))
    with pytest.raises(EffectError, match=r"REAPER was not found \(WETPRINT_REAPER says"):
        open_effect(f"reaper:{tmp_path}/a.RfxChain")


# --- mrswatson ----------------------------------------------------------------

MRSWATSON_BODY = """
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
sound, rate = audio.read(options["--input"])
audio.write(options["--output"], 0.5 * sound, rate, "pcm24")
"""


def test_mrswatson_is_given_the_documented_options(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, sound: np.ndarray
) -> None:
    program = stand_in(MRSWATSON_BODY)
    monkeypatch.setenv("WETPRINT_MRSWATSON", str(program))
    effect = open_effect("mrswatson:again,loud.fxp;limiter?plugin_root=/opt/vst&0=0.5&3=1")
    wet = effect.process(sound, 44100)
    np.testing.assert_allclose(wet, 0.5 * sound, atol=2**-23)
    (call,) = calls(program)
    folder = Path(call["arguments"][1]).parent
    assert call["arguments"] == [
        "--input", f"{folder}/dry.wav",
        "--output", f"{folder}/out/wet.wav",
        "--plugin", "again,loud.fxp;limiter",
        "--plugin-root", "/opt/vst",
        "--parameter", "0,0.5",
        "--parameter", "3,1",
        "--sample-rate", "44100",
        "--blocksize", "512",
        "--channels", "1",
        "--bit-depth", "24",
        "--quiet",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "says"),
    [("0=1.5", "goes from 0 to 1"), ("bit_dpeth=16", "did you mean 'bit_depth'")],
)
def test_mrswatson_checks_what_it_can(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, settings: str, says: str
) -> None:
    monkeypatch.setenv("WETPRINT_MRSWATSON", str(stand_in(MRSWATSON_BODY)))
    with pytest.raises(SpecError, match=says):
        open_effect(f"mrswatson:again?{settings}")


# --- wetprint -----------------------------------------------------------------


def test_a_model_is_played_without_the_silence_before(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, sound: np.ndarray
) -> None:
    program = stand_in(
        "sound, rate = audio.read(sys.argv[-2])\n"
        "audio.write(sys.argv[-1], sound[:, ::-1], rate, 'float32')"
    )
    monkeypatch.setattr(sys, "executable", str(program))
    model = program.with_name("a model.wetprint")
    model.write_bytes(b"x")
    wet = open_effect(f"wetprint:{model}").process(sound, SAMPLE_RATE)
    np.testing.assert_array_equal(wet, sound[:, ::-1])
    assert calls(program)[0]["arguments"][:-2] == ["-P", "-m", "wetprint.cli", "apply", str(model)]


def test_a_missing_model_is_named() -> None:
    with pytest.raises(EffectError, match=r"there is no model none\.wetprint"):
        open_effect("wetprint:none.wetprint")
