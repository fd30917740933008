"""The report: one HTML file with the verdict, the figures, the pictures and the sound.

It shows one learned effect or several, and needs nothing but itself: style, script, pictures and
sound are inside, and its own content security policy forbids it to load or send anything. How much
of each fits is decided in ``shares``.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import wetprint
from wetprint import outputs
from wetprint.errors import PairError
from wetprint.judging import metrics, plots
from wetprint.judging.contexts import as_channels
from wetprint.judging.drawing import svg_text
from wetprint.judging.palette import DARK, LIGHT, css_variables
from wetprint.judging.report import markup, shares
from wetprint.judging.report.content import Passage, ReportContent
from wetprint.judging.report.svg import inline_svg
from wetprint.judging.verdict import verdict
from wetprint.progress import Progress, silent


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
    level = 2 if len(contents) == 1 else 3
    placed = list(_placed(contents, level))
    learned = shares.learning(contents, level)
    verdicts = [_verdict(each) for each in placed]
    figures = [_figures(each) for each in placed]
    passages = [each.passage for each in placed]
    taken = sum(map(len, [*learned, *verdicts, *figures]))
    pictures = shares.pictures(passages, taken, progress)
    players, sounds = shares.players(passages, taken + sum(map(len, pictures)))
    shown = [""] * len(contents)
    for each, *parts in zip(placed, verdicts, players, figures, pictures, strict=True):
        anchor = f"passage-{each.number}"
        shown[each.effect] += markup.section(each.heading, *parts, name=anchor, level=level)
    effects = [
        _effect(content, number, level, shown[number], learned[number])
        for number, content in enumerate(contents)
    ]
    progress("writing the report", 1.0)
    subtitle = contents[0].subtitle if len(contents) == 1 else ()
    effects[1:] = map(markup.put_off, effects[1:])
    body = "\n".join([_summary(contents, placed), *effects])
    return _page(title or contents[0].title, subtitle, body, sounds)


@dataclass(frozen=True)
class Placed:
    """A passage and where it stands on the page.

    Attributes:
        passage: what is shown.
        number: of all passages.
        effect: number of its effect.
        heading: its own, where its effect has several.
        level: of the headings below its own.
    """

    passage: Passage
    number: int
    effect: int
    heading: str
    level: int


def _placed(contents: Sequence[ReportContent], level: int) -> Iterator[Placed]:
    """Number the passages of all effects."""
    number = 0
    for effect, content in enumerate(contents):
        several = len(content.passages) > 1
        for passage in content.passages:
            yield Placed(passage, number, effect, passage.name * several, level + several)
            number += 1


def _effect(content: ReportContent, number: int, level: int, shown: str, learned: str) -> str:
    """Set an effect under its own heading, or under the page's where it is the only one."""
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
    ("later.js", "report"),
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


def _summary(contents: Sequence[ReportContent], placed: Sequence[Placed]) -> str:
    """Set the table of all passages, when there are several."""
    if len(placed) < 2:
        return ""
    alone = len(contents) == 1
    rows = [
        (
            f"passage-{each.number}",
            each.passage.name if alone else f"{contents[each.effect].title}: {each.passage.name}",
            each.passage.evaluation,
            verdict(each.passage.evaluation),
        )
        for each in placed
    ]
    return markup.section("All passages", markup.summary_table(rows))


def _verdict(placed: Placed) -> str:
    """Set what is to be said of one passage."""
    evaluation = placed.passage.evaluation
    scale = inline_svg(
        svg_text(plots.error_scale(evaluation)),
        f"scale-{placed.number}",
        "Where model, dry signal, best FIR and the effect itself lie on a scale of error.",
    )
    return markup.verdict_words(verdict(evaluation), scale, placed.level)


def _figures(placed: Placed) -> str:
    """Set the table of figures of one passage."""
    table = markup.figures_table(placed.passage.evaluation)
    return markup.section("Figures", table, level=placed.level + 1)
