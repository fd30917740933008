"""One row of the benchmark measured: learned within its budget, judged, and played for its cost."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from asked import KNOBS, with_knobs
from boxes import BOXES
from choosing import RECORDINGS
from clips import lay_out, static_gain_esr
from given import (
    judged_tracks,
    learn_and_judge,
    listed_spec,
    on_effect,
    own_audio,
    wetprint,
)
from keeping import keep_model
from ledger import Outcome, Run, essential
from wetprint import audio
from wetprint.models import load_model
from wetprint.playing import ModelStream

GUITAR_TRACKS = ("Mayer_Guitar", "John_Guitar", "Rollin_Bass")
GUITAR_SECONDS = 15.0
"""Of each: 45 s together, as much as the best FIRs of the list were fitted on."""

PLAYED_SECONDS = 5.0
BLOCK_SAMPLES = 64


def measure(run: Run, data: Path, models: Path | None = None) -> Outcome:
    """Learn, judge and play what a run names.

    Args:
        run: what, from what, and for how long.
        data: the folder with the list of effects and the recordings.
        models: where the learned model is kept; None for nowhere.

    Raises:
        CommandFailed: wetprint could not do it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        model = folder / "model.wetprint"
        if run.source == RECORDINGS:
            clips = lay_out(BOXES[run.name], data / "data", folder)
            source = [str(each) for each in clips.learned]
            couples = [[str(dry), str(wet)] for dry, wet in clips.judged]
            judged = learn_and_judge(source, couples, model, run.minutes, run.model)
            for passage, couple in zip(judged.passages, clips.judged, strict=True):
                passage["static_gain"] = static_gain_scores(*couple)
        else:
            spec = spec_of(run, data)
            source = learned_from(run.source, spec, data, folder)
            beside = [on_effect(spec, data)]
            judged = learn_and_judge(source, beside, model, run.minutes, run.model)
        if models is not None:
            keep_model(model, run, models)
        passages = tuple(essential(each) for each in judged.passages)
        history = tuple((at, error) for at, error in load_model(model).verdict["history"])
        core = core_share(model, data)
        return Outcome(run, judged.seconds, judged.recipe, core, passages, history)


def spec_of(run: Run, data: Path) -> str:
    """Return the effect's spec at the run's setting of the knobs."""
    spec = listed_spec(run.name, data)
    return spec if run.setting == "listed" else with_knobs(spec, KNOBS[run.name])


def learned_from(source: str, spec: str, data: Path, folder: Path) -> list[str]:
    """Return what ``wetprint learn`` is called with for a source of learning."""
    if source == "guitar":
        dry = guitar(data, folder)
        wetprint("render", spec, str(dry), str(folder / "wet"))
        return [str(dry), str(folder / "wet")]
    own = ["--training-audio", str(own_audio(data, folder))] if source == "playing" else []
    return ["--effect", spec, *own]


def guitar(data: Path, folder: Path) -> Path:
    """Write the beginning of each guitar track.

    As WAV: what a loud effect makes of it may pass full scale, which FLAC cannot hold.
    """
    dry = folder / "dry"
    dry.mkdir()
    for name in GUITAR_TRACKS:
        sound, rate = audio.read(data / "data" / "di" / f"{name}.flac")  # (channel, time)
        audio.write(dry / f"{name}.wav", sound[:, : round(GUITAR_SECONDS * rate)], rate)
    return dry


def static_gain_scores(dry: Path, wet: Path) -> dict[str, Any]:
    """Return what the best single gain leaves, as a context beside wetprint's own."""
    dry_sound, _ = audio.read(dry)
    wet_sound, _ = audio.read(wet)
    return {"esr": static_gain_esr(dry_sound, wet_sound)}


def core_share(model: Path, data: Path) -> float:
    """Return what playing guitar in small blocks takes of one core, 0 to 1.

    Timed by the thread's own clock, which a busy machine disturbs least.
    """
    loaded = load_model(model)
    rate = loaded.sample_rate
    dry, _ = audio.read(judged_tracks(data)[0], rate)  # (1, time)
    stream = ModelStream(loaded)
    starts = range(0, round(PLAYED_SECONDS * rate), BLOCK_SAMPLES)
    blocks = [dry[:, start : start + BLOCK_SAMPLES] for start in starts]
    begun = time.thread_time()
    for block in blocks:
        stream.process(block)
    return (time.thread_time() - begun) / PLAYED_SECONDS
