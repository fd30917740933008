"""The command line from end to end on small things: what it prints, writes and ends with."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from wetprint.audio import info, read, write
from wetprint.blocks.amplitude_modulation import AmplitudeModulation, AmplitudeModulationConfig
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.models import Chain, Model, load_model, save_model
from wetprint.playing import play
from wetprint.signals import playing

RATE = 16_000
DRIVE = "builtin:Distortion?drive_db=15"
LOWPASS = "builtin:LowpassFilter?cutoff_frequency_hz=1000"


@pytest.fixture(scope="module")
def dry(tmp_path_factory):
    path = tmp_path_factory.mktemp("dry") / "dry.wav"
    write(path, playing(4.0, 5, RATE), RATE)
    return path


@pytest.fixture(scope="module")
def recorded(dry):
    """A dry file and the same through a drive, as recordings."""
    audio, _ = read(dry)
    audio = np.concatenate([audio, 0.7 * audio[:, ::-1]], axis=1)
    write(dry.with_name("loop.wav"), audio, RATE)
    write(dry.with_name("wet.wav"), 0.4 * np.tanh(5 * audio), RATE)
    return dry.with_name("loop.wav"), dry.with_name("wet.wav")


class TestLearnAndPlay:
    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, tmp_path_factory):
        """Learn a filter through the real command line, once."""
        import subprocess
        import sys

        path = tmp_path_factory.mktemp("model") / "filter.wetprint"
        command = [sys.executable, "-m", "wetprint.cli", "learn", "--effect", LOWPASS]
        options = ["-o", str(path), "--minutes", "1", "--sample-rate", str(RATE), "--json"]
        ran = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
        assert json.loads(ran.stdout)["esr"] < 1e-9
        assert ran.stderr == ""  # no progress where there is no terminal
        return path

    def test_info_tells_what_it_is(self, wetprint, model):
        ran = wetprint("info", model)
        assert ran.status == 0
        assert "block 1: biquads" in ran.out
        assert LOWPASS in ran.out
        told = json.loads(wetprint("info", model, "--json").out)
        assert told["sample_rate"] == RATE
        assert told["learned_from"]["effect"] == LOWPASS

    def test_apply_writes_24_bits_of_the_same_length(self, wetprint, model, dry, tmp_path):
        ran = wetprint("apply", model, dry, tmp_path / "out.wav")
        assert (ran.status, ran.err) == (0, "")
        written = info(tmp_path / "out.wav")
        assert (written.frames, written.sample_rate) == (info(dry).frames, RATE)
        assert "24" in written.encoding

    def test_evaluate_agrees_with_the_effect(self, wetprint, model, dry):
        ran = wetprint("evaluate", model, "--effect", LOWPASS, "--on", dry, "--json")
        assert ran.status == 0
        passage = json.loads(ran.out)["passages"][0]
        assert passage["model"]["esr"] < 1e-8 < passage["dry"]["esr"]
        assert passage["repeat"]["esr"] == 0.0
        assert passage["verdict"]

    def test_evaluate_writes_a_report(self, wetprint, model, dry, tmp_path):
        report = tmp_path / "report.html"
        ran = wetprint("evaluate", model, "--effect", LOWPASS, "--on", dry, "--report", report)
        assert ran.status == 0
        assert str(report) in ran.out
        text = report.read_text(encoding="utf-8")
        assert text.startswith("<!doctype html>") or text.startswith("<!DOCTYPE html>")
        assert len(text) < 10_000_000

    def test_a_model_is_an_effect_again(self, wetprint, model, dry, tmp_path):
        assert (
            wetprint("apply", model, dry, tmp_path / "a.wav", "--encoding", "float32").status == 0
        )
        ran = wetprint("render", f"wetprint:{model}", dry, tmp_path / "b.wav")
        assert ran.status == 0, ran.err
        first, second = read(tmp_path / "a.wav")[0], read(tmp_path / "b.wav")[0]
        np.testing.assert_allclose(first, second, atol=1e-5)


def test_a_model_of_recordings_is_compared_in_time_with_an_effect_that_is_late(
    wetprint, dry, tmp_path
):
    late = "builtin:Delay?delay_seconds=0.0125&feedback=0&mix=1"
    chain = Chain([Gain(GainConfig())])
    wire = tmp_path / "wire.wetprint"
    save_model(Model(chain, RATE, learned_from={"recordings": ["one"]}), wire)
    ran = wetprint("evaluate", wire, "--effect", late, "--on", dry, "--json")
    assert ran.status == 0, ran.err
    assert f"the effect lay {RATE // 80} samples behind the model: shifted" in ran.err
    passage = json.loads(ran.out)["passages"][0]
    assert passage["model"]["esr"] < 1e-6
    assert passage["repeat"]["esr"] == 0.0
    save_model(Model(chain, RATE, learned_from={"effect": late}), wire)
    ran = wetprint("evaluate", wire, "--effect", late, "--on", dry, "--json")
    assert "shifted" not in ran.err
    assert json.loads(ran.out)["passages"][0]["model"]["esr"] > 0.1


class TestAFreeLfo:
    """A pedal's LFO begins anywhere in its turn; the model's is put there."""

    @pytest.fixture
    def tremolo(self, tmp_path):
        block = AmplitudeModulation(AmplitudeModulationConfig(RATE / 2.0, 8))
        block.gain.data[0] = torch.tensor([1.5, 1.3, 1.0, 0.7, 0.5, 0.7, 1.0, 1.3])
        path = tmp_path / "tremolo.wetprint"
        save_model(Model(Chain([block]), RATE), path)
        return path

    def test_apply_begins_at_a_phase(self, wetprint, tremolo, dry, tmp_path):
        quarter = tmp_path / "quarter.wav"
        ran = wetprint("apply", tremolo, dry, quarter, "--phase", 0.25, "--encoding", "float32")
        assert (ran.status, ran.err) == (0, "")
        audio, _ = read(dry)
        late = np.pad(audio, ((0, 0), (RATE // 8, 0)))  # a quarter of half a second
        expected = play(load_model(tremolo), late)[:, RATE // 8 :]
        np.testing.assert_allclose(read(quarter)[0], expected, atol=1e-6)

    def test_evaluate_finds_the_phase_and_says_so(self, wetprint, tremolo, dry, tmp_path):
        wet = tmp_path / "wet.wav"
        assert wetprint("apply", tremolo, dry, wet, "--phase", 0.4).status == 0
        ran = wetprint("evaluate", tremolo, dry, wet, "--json")
        assert ran.status == 0
        assert "the LFO was found 0.400 of a turn on" in ran.err
        assert json.loads(ran.out)["passages"][0]["model"]["esr"] < 1e-6


def test_learn_from_recordings(wetprint, recorded, tmp_path):
    model = tmp_path / "drive.wetprint"
    ran = wetprint("learn", *recorded, "-o", model, "--steps", 3, "--model", "refined")
    assert ran.status == 0, ran.err
    assert "kept: refined" in ran.out
    loaded = load_model(model)
    assert loaded.sample_rate == RATE
    assert loaded.learned_from["recordings"]
    ran = wetprint("evaluate", model, *recorded, "--json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["passages"][0]["model"]["esr"] < 0.5
    assert [each.name for each in tmp_path.iterdir()] == ["drive.wetprint"]


def test_learn_from_two_folders(wetprint, recorded, tmp_path):
    for side, path in zip(("dry", "wet"), recorded, strict=True):
        (tmp_path / side).mkdir()
        for name in ("one", "two"):
            (tmp_path / side / f"{name}.wav").write_bytes(path.read_bytes())
    model = tmp_path / "drive.wetprint"
    options = ["-o", model, "--model", "linear", "--minutes", 1]
    ran = wetprint("learn", tmp_path / "dry", tmp_path / "wet", *options)
    assert ran.status == 0, ran.err
    assert load_model(model).learned_from["recordings"] == ["one", "two"]


def test_generate_and_render_a_folder(wetprint, tmp_path):
    data = tmp_path / "dataset"
    ran = wetprint("generate", data, "--tracks", 2, "--segments", 1, "--seed", 4)
    assert ran.status == 0, ran.err
    names = sorted(each.name for each in data.glob("*.wav"))
    assert len(names) == 2
    ran = wetprint("render", DRIVE, data)
    assert ran.status == 0, ran.err
    assert sorted(each.name for each in (data / "processed").glob("*.wav")) == names
    again = wetprint("render", DRIVE, data)
    assert again.status == 0


def test_capture_writes_signal_and_map(wetprint, tmp_path):
    ran = wetprint("capture", tmp_path / "capture.wav", "--sample-rate", 16_000)
    assert ran.status == 0, ran.err
    assert json.loads((tmp_path / "capture.json").read_text())["sample_rate"] == 16_000


def test_effects_lists_hosts_and_knobs(wetprint):
    ran = wetprint("effects", "builtin:Distortion")
    assert ran.status == 0
    assert "drive_db" in ran.out
    knobs = json.loads(wetprint("effects", "builtin:Chorus", "--json").out)["effects"][0]["knobs"]
    assert {"rate_hz", "depth"} <= {knob["name"] for knob in knobs}
    assert "vst3: VST3 plugins" in wetprint("effects").out


def test_demo_shows_the_whole_path(wetprint, tmp_path):
    ran = wetprint("demo", tmp_path / "demo", "--minutes", 0.5, "--no-open")
    assert ran.status == 0, ran.err
    names = {each.name for each in (tmp_path / "demo").iterdir()}
    learned = {"filter", "chorus", "overdrive"}
    made = {f"{each}{end}" for each in learned for end in (".wetprint", "-wet.wav", "-model.wav")}
    assert names == {"dry.wav", "report.html", *made}
    report = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    for group in ("Frequency:", "Time:", "Amplitude:"):
        assert group in report
    assert len(report) < 10_000_000
