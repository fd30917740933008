"""The report: one HTML file with the verdict, the figures, the pictures and the sound.

It needs nothing but itself: style, script, pictures and sound are inside, and its own content
security policy forbids it to load or send anything. It stays under 10 MB whatever it is given:
first the pictures are set, as far as their share goes, then the sound takes what is left.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

import wetprint
from wetprint import outputs
from wetprint.errors import PairError
from wetprint.judging import metrics, page, plots
from wetprint.judging.contexts import Evaluation, as_channels
from wetprint.judging.palette import DARK, LIGHT, css_variables
from wetprint.judging.sound import excerpt
from wetprint.judging.svg import inline_svg
from wetprint.judging.table import COLUMNS
from wetprint.judging.verdict import verdict
from wetprint.progress import Progress, silent

LARGEST_BYTES = 10_000_000
PICTURES_BYTES = 4_000_000
SOUNDS_BYTES = 5_500_000
# A passage gets at least this much sound (some 3 s of stereo) or none.
LEAST_SOUND_BYTES = 700_000


@dataclass(frozen=True)
class Passage:
    """One passage that was judged.

    Attributes:
        name: what it is, such as the name of its file.
        dry: what went in, shape (channel or 1, time).
        model: what the model plays, shape (channel, time).
        wet: what the effect plays, same shape.
        evaluation: what ``contexts.evaluate`` said of them; its sample rate is theirs.
        repeat: the effect a second time, same shape as wet; drawn when given.
    """

    name: str
    dry: np.ndarray
    model: np.ndarray
    wet: np.ndarray
    evaluation: Evaluation
    repeat: np.ndarray | None = None


@dataclass(frozen=True)
class ReportContent:
    """Everything a report says.

    Attributes:
        title: what was learned.
        passages: at least one.
        subtitle: lines under the title, such as where it came from and how long it took.
        chain: the model's blocks from input to output: (name, what it does).
        identification: what was found out about the effect, as text.
        candidates: the race: (name, error, seconds of learning, whether it was kept).
        history: (seconds since the start, error) over the course of learning.
        notes: sentences that whoever reads the figures ought to know.
        settings: what it was made with; may be nested.
    """

    title: str
    passages: tuple[Passage, ...]
    subtitle: tuple[str, ...] = ()
    chain: tuple[tuple[str, str], ...] = ()
    identification: str = ""
    candidates: tuple[tuple[str, float, float, bool], ...] = ()
    history: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)


def write_report(
    path: str | os.PathLike[str], content: ReportContent, progress: Progress = silent
) -> None:
    """Write a report as one self-contained HTML file of less than 10 MB.

    Raises:
        PairError: there is no passage, or the sounds of one do not fit together.
        OutputError: the file cannot be written.
    """
    outputs.check_writable(path)
    text = compose(content, progress)
    with outputs.replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8")


def compose(content: ReportContent, progress: Progress = silent) -> str:
    """Return the report's HTML; see ``write_report``."""
    _validate(content)
    parts = [_words(index, content) for index in range(len(content.passages))]
    pictures = _pictures(content.passages, progress)
    learned = _how_it_was_learned(content)
    players, sounds = _players(content.passages)
    passages = [
        page.section(
            each.name if len(content.passages) > 1 else "",
            *(words, player, figures, drawn),
            name=f"passage-{index}",
        )
        for index, (each, (words, figures), player, drawn) in enumerate(
            zip(content.passages, parts, players, pictures, strict=True)
        )
    ]
    progress("writing the report", 1.0)
    return _page(content, "\n".join([_summary(content), *passages, learned]), sounds)


def _validate(content: ReportContent) -> None:
    if not content.passages:
        raise PairError("a report needs at least one passage, but was given none")
    for each in content.passages:
        metrics.validate(each.model, each.wet)
        metrics.validate(as_channels(each.dry, each.wet.shape[0]), each.wet)
        if each.repeat is not None:
            metrics.validate(each.repeat, each.wet)


def _page(content: ReportContent, main: str, sounds: str) -> str:
    script = page.template("player.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return page.fill(
        page.template("report.html"),
        title=page.escaped(content.title),
        version=page.escaped(getattr(wetprint, "__version__", "")),
        subtitle=page.subtitle(content.subtitle),
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        style=page.template("report.css"),
        script=script,
        script_hash=f"sha256-{digest}",
        main=main,
        sounds=sounds,
    )


def _summary(content: ReportContent) -> str:
    """Set the table of all passages, when there are several."""
    if len(content.passages) < 2:
        return ""
    rows = [
        (f"passage-{index}", each.name, each.evaluation, verdict(each.evaluation))
        for index, each in enumerate(content.passages)
    ]
    return page.section("All passages", page.summary_table(rows))


def _words(index: int, content: ReportContent) -> tuple[str, str]:
    """Set the verdict and the table of figures of one passage."""
    evaluation = content.passages[index].evaluation
    scale = inline_svg(
        plots.svg_text(plots.error_scale(evaluation)),
        f"scale-{index}",
        "Where model, dry signal, best FIR and the effect itself lie on a scale of error.",
    )
    figures = page.section("Figures", page.figures_table(evaluation), level=3)
    level = 2 if len(content.passages) == 1 else 3
    return page.verdict_words(verdict(evaluation), scale, level), figures


def _pictures(passages: tuple[Passage, ...], progress: Progress) -> list[str]:
    """Draw the passages in turn until the share of the pictures is used up."""
    drawn: list[str] = []
    left = PICTURES_BYTES
    largest = 0
    for index, each in enumerate(passages):
        progress("drawing", index / len(passages), each.name)
        if left < largest:
            drawn.append("<p>The pictures of this passage are left out to keep the file small.</p>")
            continue
        drawn.append(_drawn(index, each))
        left -= len(drawn[-1])
        largest = max(largest, len(drawn[-1]))
    return drawn


def _drawn(index: int, passage: Passage) -> str:
    """Draw one passage: spectrograms, waveforms, error over time and over frequency."""
    wet, model, repeat = passage.wet, passage.model, passage.repeat
    dry, rate = as_channels(passage.dry, wet.shape[0]), passage.evaluation.sample_rate
    stereo = " The first channel is drawn." if wet.shape[0] > 1 else ""
    pictures = (
        (
            "spectrograms",
            plots.mel_spectrograms(dry, model, wet, rate),
            "Mel-spectrograms",
            "Dry, model and wet on one colour scale: the model is right where the lower two agree.",
        ),
        (
            "waveforms",
            plots.waveforms(dry, model, wet, rate),
            "Waveforms",
            "The three on one axis: the whole passage, two seconds and 20 ms where it is "
            f"loudest.{stereo}",
        ),
        (
            "time",
            plots.error_over_time(model, wet, dry, rate, repeat),
            "Error over time",
            "Level of the wet signal and of what separates the others from it, in tenths of a "
            "second. The further below the blue line, the better.",
        ),
        (
            "frequency",
            plots.error_over_frequency(model, wet, dry, rate, repeat),
            "Error over frequency",
            "The same in thirds of an octave, over the whole passage.",
        ),
    )
    return "\n".join(
        page.figure(inline_svg(plots.svg_text(drawn), f"{key}-{index}", text), title, text)
        for key, drawn, title, text in pictures
    )


def _players(passages: tuple[Passage, ...]) -> tuple[list[str], str]:
    """Set a player for each passage as far as the share of the sound goes."""
    players: list[str] = []
    sounds = ""
    for index, each in enumerate(passages):
        left = SOUNDS_BYTES - len(sounds)
        budget = max(left // (len(passages) - index), LEAST_SOUND_BYTES)
        rate, channels = each.evaluation.sample_rate, each.wet.shape[0]
        made = None
        if left >= LEAST_SOUND_BYTES:
            # In mono the dry signal would come from both speakers and be louder than its figure.
            dry = as_channels(each.dry, channels)
            made = excerpt(dry, each.model, each.wet, rate, budget)
        if made is None:
            players.append("<p>The sound of this passage is left out to keep the file small.</p>")
            continue
        markup, embedded = page.player(str(index), each.name, made, rate, channels)
        players.append(markup)
        sounds += embedded
    return players, sounds


def _how_it_was_learned(content: ReportContent) -> str:
    """Set the chain, the identification, the race, the notes and the settings."""
    curve = ""
    if len(content.history) > 1:
        text = "Error on the validation material against the minutes of learning."
        svg = inline_svg(plots.svg_text(plots.learning_curve(content.history)), "learning", text)
        curve = page.figure(svg, "Learning", text)
    found = content.identification
    meanings = {", ".join(filter(None, (c.title, c.unit))): c.meaning for c in COLUMNS}
    learned = page.section(
        "How it was learned",
        page.section("The chain", page.signal_flow(content.chain), level=3),
        page.section("What was found", f"<pre>{page.escaped(found)}</pre>" * bool(found), level=3),
        page.section("The race", page.candidates_table(content.candidates), level=3),
        curve,
    )
    return "\n".join(
        (
            learned,
            page.section("Notes", page.sentences(content.notes)),
            page.section(
                "",
                page.folded("What the figures mean", meanings),
                page.folded("Settings", content.settings),
            ),
        )
    )
