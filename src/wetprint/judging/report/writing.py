"""The report: one HTML file with the verdict, the figures, the pictures and the sound.

It shows one learned effect or several, and needs nothing but itself: style, script, pictures and
sound are inside, and its own content security policy forbids it to load or send anything. It stays
under 10 MB whatever it is given: first the pictures are set, as far as their share goes, then the
sound takes what is left.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Sequence

import wetprint
from wetprint import outputs
from wetprint.errors import PairError
from wetprint.judging import metrics, plots
from wetprint.judging.contexts import as_channels
from wetprint.judging.drawing import svg_text
from wetprint.judging.palette import DARK, LIGHT, css_variables
from wetprint.judging.report import markup
from wetprint.judging.report.content import Passage, ReportContent
from wetprint.judging.report.parts import how_it_was_learned, passage_pictures, set_pictures
from wetprint.judging.report.sound import excerpt
from wetprint.judging.report.svg import inline_svg
from wetprint.judging.verdict import verdict
from wetprint.progress import Progress, silent

LARGEST_BYTES = 10_000_000
PICTURES_BYTES = 4_000_000
SOUNDS_BYTES = 5_500_000
# A passage gets at least this much sound (some 3 s of stereo) or none.
LEAST_SOUND_BYTES = 700_000


def write_report(
    path: str | os.PathLike[str],
    contents: Sequence[ReportContent],
    title: str = "",
    progress: Progress = silent,
) -> None:
    """Write a report as one self-contained HTML file of less than 10 MB.

    Args:
        path: the file.
        contents: each learned effect, at least one.
        title: of the whole; that of the first effect by default.
        progress: told how far it is.

    Raises:
        PairError: there is no passage, or the sounds of one do not fit together.
        OutputError: the file cannot be written.
    """
    outputs.check_writable(path)
    text = compose(contents, title, progress)
    with outputs.replacing(path) as scratch:
        scratch.write_text(text, encoding="utf-8")


def compose(contents: Sequence[ReportContent], title: str = "", progress: Progress = silent) -> str:
    """Return the report's HTML; see ``write_report``."""
    if not contents:
        raise PairError("a report needs at least one learned effect, but was given none")
    for each in contents:
        _validate(each)
    passages = [each for content in contents for each in content.passages]
    pictures = _pictures(passages, progress)
    players, sounds = _players(passages)
    parts, first = [], 0
    for number, content in enumerate(contents):
        level = 2 if len(contents) == 1 else 3
        stop = first + len(content.passages)
        shown = _passages(content, first, level, players[first:stop], pictures[first:stop])
        parts.append(_effect(content, number, level, shown))
        first = stop
    progress("writing the report", 1.0)
    subtitle = contents[0].subtitle if len(contents) == 1 else ()
    body = "\n".join([_summary(contents), *parts])
    return _page(title or contents[0].title, subtitle, body, sounds)


def _passages(
    content: ReportContent, first: int, level: int, players: list[str], pictures: list[str]
) -> str:
    """Set the passages of an effect, the first of which has the number ``first`` on the page."""
    several = len(content.passages) > 1
    return "\n".join(
        markup.section(
            each.name if several else "",
            *_words(first + index, each, level + several),
            players[index],
            pictures[index],
            name=f"passage-{first + index}",
            level=level,
        )
        for index, each in enumerate(content.passages)
    )


def _effect(content: ReportContent, number: int, level: int, shown: str) -> str:
    """Set an effect under its own heading, or under the page's where it is the only one."""
    learned = how_it_was_learned(content, number, level)
    if level == 2:
        return f"{shown}\n{learned}"
    return markup.section(
        content.title, markup.subtitle(content.subtitle), shown, learned, name=f"effect-{number}"
    )


def _validate(content: ReportContent) -> None:
    if not content.passages:
        raise PairError("a report needs at least one passage, but was given none")
    for each in content.passages:
        metrics.validate(each.model, each.wet)
        metrics.validate(as_channels(each.dry, each.wet.shape[0]), each.wet)
        if each.repeat is not None:
            metrics.validate(each.repeat, each.wet)


MODULES = (
    ("seam.js", "listening"),
    ("deck.js", "report"),
    ("outline.js", "report"),
    ("spectrogram.js", "report"),
    ("views.js", "report"),
    ("player.js", "report"),
)
"""The page's modules and their rooms, each after those that it imports."""


def page_script(modules: Sequence[tuple[str, str]] = MODULES) -> str:
    """Join modules of the page to one, since a page of one file has none to import."""
    joined = "\n".join(markup.template(*each) for each in modules)
    return re.sub(r"^import .*\n|^export ", "", joined, flags=re.MULTILINE)


def _page(title: str, subtitle: Sequence[str], main: str, sounds: str) -> str:
    script = page_script()
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return markup.fill(
        markup.template("report.html"),
        title=markup.escaped(title),
        version=markup.escaped(getattr(wetprint, "__version__", "")),
        subtitle=markup.subtitle(subtitle),
        light=css_variables(LIGHT),
        dark=css_variables(DARK),
        style=markup.template("report.css"),
        script=script,
        script_hash=f"sha256-{digest}",
        main=main,
        sounds=sounds,
    )


def _summary(contents: Sequence[ReportContent]) -> str:
    """Set the table of all passages, when there are several."""
    passages = [(content, each) for content in contents for each in content.passages]
    if len(passages) < 2:
        return ""
    alone = len(contents) == 1
    rows = [
        (
            f"passage-{index}",
            each.name if alone else f"{content.title}: {each.name}",
            each.evaluation,
            verdict(each.evaluation),
        )
        for index, (content, each) in enumerate(passages)
    ]
    return markup.section("All passages", markup.summary_table(rows))


def _words(index: int, passage: Passage, level: int) -> tuple[str, str]:
    """Set the verdict and the table of figures of one passage."""
    evaluation = passage.evaluation
    scale = inline_svg(
        svg_text(plots.error_scale(evaluation)),
        f"scale-{index}",
        "Where model, dry signal, best FIR and the effect itself lie on a scale of error.",
    )
    figures = markup.section("Figures", markup.figures_table(evaluation), level=level + 1)
    return markup.verdict_words(verdict(evaluation), scale, level), figures


def _pictures(passages: Sequence[Passage], progress: Progress) -> list[str]:
    """Draw the passages in turn until the share of the pictures is used up."""
    drawn: list[str] = []
    left = PICTURES_BYTES
    largest = 0
    for index, each in enumerate(passages):
        progress("drawing", index / len(passages), each.name)
        if left < largest:
            drawn.append("<p>The pictures of this passage are left out to keep the file small.</p>")
            continue
        drawn.append(set_pictures(passage_pictures(each), str(index)))
        left -= len(drawn[-1])
        largest = max(largest, len(drawn[-1]))
    return drawn


def _players(passages: Sequence[Passage]) -> tuple[list[str], str]:
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
        player, embedded = markup.player(str(index), each.name, made, rate, channels)
        players.append(player)
        sounds += embedded
    return players, sounds
