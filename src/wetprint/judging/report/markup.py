"""The pieces of the report as HTML: text goes in, markup comes out, and all text is escaped."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING

from wetprint.judging.contexts import MODEL, Evaluation
from wetprint.judging.report.sound import Excerpt
from wetprint.judging.table import COLUMNS, MINUS, MISSING, decimals, esr_text
from wetprint.judging.verdict import Verdict

if TYPE_CHECKING:
    from wetprint.models.flow import FlowStep

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_DRAWN = re.compile(r'(<div class="picture">)(<svg .*?</svg>)', re.DOTALL)
KEYS = {"dry": "1", "model": "2", "wet": "3"}


@functools.cache
def template(name: str, room: str = "report") -> str:
    """Read one of the files of the page, or of that of another room of judging."""
    return (resources.files("wetprint.judging") / room / "page" / name).read_text(encoding="utf-8")


def fill(text: str, **values: str) -> str:
    """Put values, already markup, into the ``{{places}}`` of a template.

    >>> fill("<p>{{greeting}}</p>", greeting="hello")
    '<p>hello</p>'
    """
    return _PLACE.sub(lambda found: values[found[1]], text)


def escaped(text: object) -> str:
    """Make any text safe to stand in markup and in attributes."""
    return html.escape(str(text))


def section(title: str, *parts: str, level: int = 2, name: str = "") -> str:
    """Give parts that are not empty a heading; nothing at all when all are empty."""
    inside = "\n".join(filter(None, parts))
    anchor = f' id="{escaped(name)}"' if name else ""
    heading = f"<h{level}>{escaped(title)}</h{level}>\n" if title else ""
    return f"<section{anchor}>\n{heading}{inside}\n</section>" if inside else ""


def subtitle(lines: Iterable[str]) -> str:
    """Set the lines under the title."""
    return "\n".join(f'<p class="subtitle">{escaped(line)}</p>' for line in lines)


def verdict_words(verdict: Verdict, scale: str, level: int) -> str:
    """Set the headline at its level of heading, the scale of errors and the reasons."""
    reasons = "".join(f"<li>{escaped(sentence)}</li>" for sentence in verdict.sentences)
    return (
        f'<div class="verdict"><h{level} class="headline">{escaped(verdict.headline)}</h{level}>'
        f'<div class="scale">{scale}</div><ul class="reasons">{reasons}</ul></div>'
    )


def scrolling(inside: str, label: str, picture: bool = True) -> str:
    """Let something wide scroll by itself on a narrow screen, also by keyboard."""
    inner = f'<div class="picture">{inside}</div>' if picture else inside
    return (
        f'<div class="scroll" role="group" tabindex="0" aria-label="{escaped(label)}">{inner}</div>'
    )


def figure(svg: str, title: str, caption: str) -> str:
    """Set a picture with what to see in it."""
    return (
        f"<figure><figcaption><b>{escaped(title)}</b><span>{escaped(caption)}</span></figcaption>"
        f"{scrolling(svg, title)}</figure>"
    )


def put_off(markup: str) -> str:
    """Keep the pictures of a part as text until they are in sight (``later.js``), or printed.

    A browser reads text many times faster than it builds pictures, and a report of many effects has
    hundreds of them.
    """
    return _DRAWN.sub(r'\1<script type="text/plain" class="later">\2</script>', markup)


def table(headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], label: str) -> str:
    """Set a table whose first column names its rows.

    Args:
        headings: markup of each column's heading.
        rows: the class of each row (empty for none) and the markup of its cells.
        label: what the table shows, for those who cannot see it.
    """
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    body = ""
    for kind, (first, *cells) in rows:
        mark = f' class="{kind}"' if kind else ""
        body += f'<tr{mark}><th scope="row">{first}</th>'
        body += "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    markup = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return scrolling(markup, label, picture=False)


def figures_table(evaluation: Evaluation) -> str:
    """Set every measure in its contexts, the model's row marked."""
    headings = ["compared with wet"]
    headings += [f"{escaped(each.title)}<small>{escaped(each.unit)}</small>" for each in COLUMNS]
    rows = [
        (
            "model" if name == MODEL else "",
            [escaped(name), *(escaped(column.text(scores)) for column in COLUMNS)],
        )
        for name, scores in evaluation.contexts
    ]
    return table(headings, rows, "figures of the model and of what it is compared with")


def summary_table(rows: Iterable[tuple[str, str, Evaluation, Verdict]]) -> str:
    """Set one row for each passage: (anchor, name, evaluation, verdict)."""
    places = ("model", "dry", "best FIR", "twice")
    headings = ["passage", *(f"ESR<small>{place}</small>" for place in places)]
    headings += [*(f"mel, dB<small>{place}</small>" for place in places[:2]), "verdict"]
    cells = []
    for anchor, name, evaluation, verdict in rows:
        model, dry = evaluation.model, evaluation.dry
        others = (dry, evaluation.best_fir, evaluation.repeat)
        figures = [esr_text(model.esr)]
        figures += [MISSING if each is None else esr_text(each.esr) for each in others]
        figures += [decimals(each.mel_distance_db, 2) for each in (model, dry)]
        figures += [verdict.grade if verdict.waveform_counts else "see spectrum"]
        link = f'<a href="#{escaped(anchor)}">{escaped(name)}</a>'
        cells.append(("", [link, *map(escaped, figures)]))
    return table(headings, cells, "all passages")


def signal_flow(chain: Sequence[FlowStep]) -> str:
    """Draw the chain from dry to model as boxes in a row, branches one below the other."""
    if not chain:
        return ""
    return (
        '<ol class="flow"><li><div class="end">dry</div></li>'
        f'{_flow_boxes(chain)}<li><div class="end">model</div></li></ol>'
    )


def _flow_boxes(steps: Sequence[FlowStep]) -> str:
    return "".join(f"<li>{_flow_box(each)}</li>" for each in steps)


def _flow_box(step: FlowStep) -> str:
    inside = f"<b>{escaped(step.name)}</b><span>{escaped(step.summary)}</span>"
    for called, steps in step.branches:
        caption = f'<span class="called">{escaped(called)}</span>' if called else ""
        inside += f'{caption}<ol class="flow branch">{_flow_boxes(steps)}</ol>'
    return f"<div>{inside}</div>"


def candidates_table(candidates: Sequence[tuple[str, float, float, bool]]) -> str:
    """Set the race: (name, error, seconds of learning, whether it was kept)."""
    if not candidates:
        return ""
    rows = [
        (
            "kept" if kept else "",
            [
                escaped(name),
                escaped(esr_text(error)),
                escaped(duration(seconds)),
                "kept" if kept else "dropped",
            ],
        )
        for name, error, seconds, kept in candidates
    ]
    return table(["candidate", "error (ESR)", "learning", "outcome"], rows, "candidates")


def player(
    key: str, label: str, excerpt: Excerpt, sample_rate: int, channels: int
) -> tuple[str, str]:
    """Set the player of an excerpt; return it and, apart from it, the sounds it plays."""
    buttons = sounds = ""
    for source in excerpt.sources:
        pressed = "true" if source.name == "model" else "false"
        level = f"{source.loudness_lufs:.1f} LUFS".replace("-", MINUS)
        buttons += (
            f'<button type="button" data-source="{source.name}" aria-pressed="{pressed}" '
            f'data-matching-db="{source.matching_db:.2f}"><span class="name">{source.name}</span>'
            f'<kbd>{KEYS[source.name]}</kbd><span class="level">{level}</span>'
            '<span class="meter"><i></i></span></button>\n'
        )
        sounds += (
            f'<script type="text/plain" id="sound-{key}-{source.name}">'
            f"{source.flac_base64}</script>\n"
        )
    where = f"{clock(excerpt.start_s)} to {clock(excerpt.start_s + excerpt.seconds)}, looped"
    if excerpt.gain_db < 0.0:
        where += f"; all three turned down by {decimals(-excerpt.gain_db, 1)} dB to fit"
    markup = fill(
        template("player.html"),
        key=key,
        label=escaped(label),
        sample_rate=str(sample_rate),
        channels=str(channels),
        seconds=f"{excerpt.seconds:.2f}",
        sources=buttons,
        where=escaped(where),
    )
    return markup, sounds


def sentences(lines: Iterable[str]) -> str:
    """Set sentences as a list."""
    items = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f'<ul class="reasons">{items}</ul>' if items else ""


def folded(title: str, entries: Mapping[str, object]) -> str:
    """Set names and values in a part that unfolds; nested mappings are written with dots."""
    if not entries:
        return ""
    items = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in _flat(entries)
    )
    return f"<details><summary>{escaped(title)}</summary><dl>{items}</dl></details>"


def _flat(entries: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, object]]:
    for name, value in entries.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def duration(seconds: float) -> str:
    """Write a duration as people say it.

    >>> duration(7.4), duration(125)
    ('7 s', '2 min 5 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def clock(seconds: float) -> str:
    """Write a place in a recording.

    >>> clock(83.25)
    '1:23.2'
    """
    minutes, rest = divmod(seconds, 60.0)
    return f"{int(minutes)}:{rest:04.1f}"
