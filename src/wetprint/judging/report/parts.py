"""The parts of a report beside its sound: the pictures of a passage, and how it was learned."""

from __future__ import annotations

from collections.abc import Iterable

from wetprint.judging import plots
from wetprint.judging.contexts import as_channels
from wetprint.judging.drawing import Picture, svg_text
from wetprint.judging.findings import in_words
from wetprint.judging.found_plots import found_pictures
from wetprint.judging.report import markup
from wetprint.judging.report.content import Passage, ReportContent
from wetprint.judging.report.svg import inline_svg
from wetprint.judging.table import COLUMNS


def set_pictures(pictures: Iterable[Picture], key: str) -> str:
    """Set pictures one below the other; ``key`` tells them from others on the page."""
    return "\n".join(
        markup.figure(
            inline_svg(svg_text(each.figure), f"{each.key}-{key}", each.text), each.title, each.text
        )
        for each in pictures
    )


def passage_pictures(passage: Passage) -> list[Picture]:
    """Draw one passage: spectrograms, waveforms, error over time and over frequency."""
    wet, model, repeat = passage.wet, passage.model, passage.repeat
    dry, rate = as_channels(passage.dry, wet.shape[0]), passage.evaluation.sample_rate
    stereo = " The first channel is drawn." if wet.shape[0] > 1 else ""
    return [
        Picture(
            "spectrograms",
            plots.mel_spectrograms(dry, model, wet, rate),
            "Mel-spectrograms",
            "Dry, model and wet on one colour scale: the model is right where the lower two agree.",
        ),
        Picture(
            "waveforms",
            plots.waveforms(dry, model, wet, rate),
            "Waveforms",
            "The three on one axis: the whole passage, two seconds and 20 ms where it is "
            f"loudest.{stereo}",
        ),
        Picture(
            "time",
            plots.error_over_time(model, wet, dry, rate, repeat),
            "Error over time",
            "Level of the wet signal and of what separates the others from it, in tenths of a "
            "second. The further below the blue line, the better.",
        ),
        Picture(
            "frequency",
            plots.error_over_frequency(model, wet, dry, rate, repeat),
            "Error over frequency",
            "The same in thirds of an octave, over the whole passage.",
        ),
    ]


def learning_pictures(content: ReportContent) -> list[Picture]:
    """Draw the course of learning, where there was one."""
    if len(content.history) < 2:
        return []
    text = "Error on the validation material against the minutes of learning."
    return [Picture("learning", plots.learning_curve(content.history), "Learning", text)]


def how_it_was_learned(
    content: ReportContent, number: int, level: int, is_drawn: bool = True
) -> str:
    """Set the chain, the identification, the race, the notes and the settings.

    Args:
        content: of the effect.
        number: of the effect on the page.
        level: of the headings.
        is_drawn: whether with pictures.
    """
    meanings = {", ".join(filter(None, (c.title, c.unit))): c.meaning for c in COLUMNS}
    learned = markup.section(
        "How it was learned",
        markup.section("The chain", markup.signal_flow(content.chain), level=level + 1),
        markup.section("What was found", *_found(content, number, is_drawn), level=level + 1),
        markup.section("The race", markup.candidates_table(content.candidates), level=level + 1),
        set_pictures(learning_pictures(content) if is_drawn else (), f"of-{number}"),
        level=level,
    )
    return "\n".join(
        (
            learned,
            markup.section("Notes", markup.sentences(content.notes), level=level),
            markup.section(
                "",
                markup.folded("What the figures mean", meanings),
                markup.folded("Settings", content.settings),
            ),
        )
    )


def _found(content: ReportContent, number: int, is_drawn: bool) -> tuple[str, ...]:
    """Set what was found of the effect, in words and, where there is room, in pictures."""
    found = content.identification
    if found is None:
        return ()
    words = markup.escaped("\n".join(in_words(found)))
    drawn = set_pictures(found_pictures(found) if is_drawn else (), f"found-{number}")
    return f"<pre>{words}</pre>", drawn
