"""The pictures of what a model plays beside the effect: each function returns a ``Figure``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from wetprint.identify import spectra
from wetprint.judging import levels
from wetprint.judging.contexts import BEST_FIR, DRY, MODEL, REPEAT, Evaluation, as_channels
from wetprint.judging.drawing import OCTAVES_HZ, dress, hertz, label_panel, new_figure, put_legend
from wetprint.judging.excerpts import extremes, loudest_start, pooled
from wetprint.judging.palette import LIGHT as COLOUR
from wetprint.judging.table import decimals, esr_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DOTS = 80
COLUMNS = 900  # what a picture can show side by side
SPECTROGRAM_RANGE_DB = 80.0
SPECTROGRAM_COLOURS = "magma"
LEVEL_FLOOR_DB = -110.0
BAND_RANGE_DB = 100.0
TIME_WINDOW_S, TIME_HOP_S = 0.1, 0.025
CLOSER_S, CLOSEST_S = 2.0, 0.02

SCALE_END_DB = -30.0
SCALE_WIDTH_INCHES = 6.2
SCALE_NAME_SHARE = 0.3  # names closer than this share of the width would run into each other
SCALE_MARKS = {
    MODEL: ("o", COLOUR["model"]),
    DRY: ("s", COLOUR["dry"]),
    BEST_FIR: ("D", COLOUR["muted"]),
    REPEAT: ("^", COLOUR["wet"]),
}

# Line, width and dash of what is drawn over one another: the wide one below, the thin one above.
STROKES = {
    "wet": {"color": COLOUR["wet"], "linewidth": 2.6, "alpha": 0.55, "zorder": 2},
    "dry": {"color": COLOUR["dry"], "linewidth": 1.2, "linestyle": (0, (4, 1.5)), "zorder": 3},
    "repeat": {"color": COLOUR["ink"], "linewidth": 1.0, "linestyle": (0, (1, 1.5)), "zorder": 3},
    "model": {"color": COLOUR["model"], "linewidth": 1.2, "zorder": 4},
}


def mel_spectrograms(
    dry: np.ndarray, model: np.ndarray, wet: np.ndarray, sample_rate: int
) -> Figure:
    """Draw the mel-spectrograms of the three above one another, on one colour scale and one axis.

    0 dB is the loudest cell of the wet signal. Channels are averaged in power.

    Args:
        dry: what went in, shape (channel, time).
        model: what the model plays, shape (channel, time).
        wet: what the effect plays, shape (channel, time).
        sample_rate: of all three, in Hz.
    """
    power = [spectra.mel_power(each, sample_rate).mean(axis=0) for each in (dry, model, wet)]
    reference = max(float(power[2].max()), 1e-12)
    figure = new_figure(height=5.4)
    rows = figure.subplots(3, 1, sharex=True, sharey=True)
    seconds = wet.shape[1] / sample_rate
    for axes, name, cells in zip(rows, ("dry", "model", "wet"), power, strict=True):
        dress(axes, grid=False)
        axes.imshow(
            levels.power_db(pooled(cells, COLUMNS) / reference, -SPECTROGRAM_RANGE_DB),
            origin="lower",
            aspect="auto",
            extent=(0.0, seconds, -0.5, cells.shape[0] - 0.5),
            cmap=SPECTROGRAM_COLOURS,
            vmin=-SPECTROGRAM_RANGE_DB,
            vmax=0.0,
            interpolation="none",
        )
        label_panel(axes, name)
        _mel_ticks(axes, cells.shape[0], sample_rate)
    rows[-1].set_xlabel("seconds")
    bar = figure.colorbar(rows[-1].images[0], ax=rows, aspect=45, pad=0.012)
    bar.set_label("dB below the loudest of wet", color=COLOUR["muted"])
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=COLOUR["muted"], length=0)
    return figure


def _mel_ticks(axes: Axes, bands: int, sample_rate: int) -> None:
    """Mark frequencies in Hz on an axis that counts mel bands."""
    from librosa import mel_frequencies

    centres = mel_frequencies(bands + 2, fmin=0.0, fmax=sample_rate / 2)[1:-1]
    marks = [mark for mark in (250, 1000, 4000, 10000) if mark < centres[-1]]
    axes.set_yticks(np.interp(marks, centres, np.arange(bands)), [hertz(mark) for mark in marks])


def waveforms(dry: np.ndarray, model: np.ndarray, wet: np.ndarray, sample_rate: int) -> Figure:
    """Draw the waveforms of the three on one axis: all of it, two seconds, twenty milliseconds.

    The closer views lie where the wet signal is loudest, and are marked in the view above them.
    The first channel is drawn.

    Args:
        dry: what went in, shape (channel, time).
        model: what the model plays, shape (channel, time).
        wet: what the effect plays, shape (channel, time).
        sample_rate: of all three, in Hz.
    """
    sounds = {"wet": wet[0], "dry": dry[0], "model": model[0]}
    figure = new_figure(height=6.0)
    rows = figure.subplots(3, 1)
    spans = [(0, wet.shape[1])]
    for seconds in (CLOSER_S, CLOSEST_S):
        inside = wet[:, spans[-1][0] : spans[-1][1]]
        start = spans[-1][0] + loudest_start(inside, sample_rate, seconds)
        spans.append((start, min(start + round(seconds * sample_rate), wet.shape[1])))
    for index, (axes, span) in enumerate(zip(rows, spans, strict=True)):
        dress(axes)
        _draw_waves(axes, sounds, span, sample_rate)
        axes.set_xlabel("seconds")
        if index + 1 < len(spans):
            _mark_span(axes, spans[index + 1], sample_rate)
    _count_milliseconds(rows[-1], spans[-1][0] / sample_rate)
    put_legend(rows[0])
    return figure


def _count_milliseconds(axes: Axes, start_s: float) -> None:
    """Mark an axis of seconds in milliseconds from ``start_s`` on."""
    end_s = axes.get_xlim()[1]
    marks_ms = np.arange(0.0, 1000.0 * (end_s - start_s) + 1e-6, 2.0)
    axes.set_xticks(start_s + marks_ms / 1000.0, [f"{mark:.0f}" for mark in marks_ms])
    axes.set_xlabel(f"milliseconds from {start_s:.2f} s on")


def _draw_waves(
    axes: Axes, sounds: dict[str, np.ndarray], span: tuple[int, int], sample_rate: int
) -> None:
    """Draw a stretch of each sound: its samples when they are few, otherwise its outline."""
    start, end = span
    columns = min(COLUMNS, end - start)
    for name, samples in sounds.items():
        part = samples[start:end]
        if end - start <= 2 * COLUMNS:
            times = np.arange(start, end) / sample_rate
            axes.plot(times, part, label=name, **STROKES[name])
            continue
        low, high = extremes(part, columns)
        times = np.linspace(start, end, columns, endpoint=False) / sample_rate
        if name == "model":
            axes.plot(times, high, label=name, color=COLOUR[name], linewidth=0.7, zorder=4)
            axes.plot(times, low, color=COLOUR[name], linewidth=0.7, zorder=4)
        else:
            shade = 0.45 if name == "wet" else 0.75
            axes.fill_between(
                times, low, high, label=name, color=COLOUR[name], alpha=shade, linewidth=0
            )
    axes.set_xlim(start / sample_rate, end / sample_rate)
    axes.margins(y=0.08)


def _mark_span(axes: Axes, span: tuple[int, int], sample_rate: int) -> None:
    start, end = (sample / sample_rate for sample in span)
    axes.axvspan(start, end, facecolor=COLOUR["ink"], alpha=0.08, zorder=0)
    for edge in (start, end):
        axes.axvline(edge, color=COLOUR["ink"], linewidth=0.6, alpha=0.5)


def error_over_time(
    prediction: np.ndarray,
    target: np.ndarray,
    dry: np.ndarray,
    sample_rate: int,
    repeat: np.ndarray | None = None,
) -> Figure:
    """Draw the level of the target, and that of each difference from it, over time.

    Levels are those of tenths of a second, in dB of full scale; channels are averaged in power.

    Args:
        prediction: what the model plays, shape (channel, time).
        target: what the effect plays, same shape.
        dry: what went in, shape (channel or 1, time).
        sample_rate: of all of them, in Hz.
        repeat: the effect a second time, same shape as the target.
    """
    figure = new_figure(height=2.9)
    axes = figure.subplots()
    dress(axes)
    lowest = []
    for key, label, sound in _differences(prediction, target, dry, repeat):
        power = levels.short_time_power(sound, sample_rate, TIME_WINDOW_S, TIME_HOP_S).mean(axis=0)
        times = levels.frame_centres_s(power.size, sample_rate, TIME_WINDOW_S, TIME_HOP_S)
        shown = levels.power_db(pooled(power, COLUMNS), LEVEL_FLOOR_DB)
        lowest.append(np.percentile(shown, 2))
        axes.plot(pooled(times, COLUMNS), shown, label=label, **STROKES[key])
    axes.set_xlim(0.0, target.shape[1] / sample_rate)
    axes.set_ylim(bottom=max(LEVEL_FLOOR_DB, 10.0 * np.floor(min(lowest) / 10.0)))
    axes.set_xlabel("seconds")
    axes.set_ylabel("level, dBFS")
    put_legend(axes)
    return figure


def error_over_frequency(
    prediction: np.ndarray,
    target: np.ndarray,
    dry: np.ndarray,
    sample_rate: int,
    repeat: np.ndarray | None = None,
) -> Figure:
    """Draw the level of the target, and that of each difference from it, in thirds of an octave.

    Arguments are those of ``error_over_time``.
    """
    figure = new_figure(height=3.1)
    axes = figure.subplots()
    dress(axes)
    highest = LEVEL_FLOOR_DB
    for key, label, sound in _differences(prediction, target, dry, repeat):
        centres, power = spectra.third_octave_power(sound, sample_rate)
        shown = levels.power_db(power)
        highest = max(highest, float(shown.max()))
        axes.plot(centres, shown, label=label, marker="o", markersize=2.6, **STROKES[key])
    lowest = min(float(np.min(line.get_ydata())) for line in axes.lines)
    axes.set_ylim(bottom=max(lowest - 3.0, highest - BAND_RANGE_DB))
    axes.set_xscale("log")
    marks = [mark for mark in OCTAVES_HZ if mark < sample_rate / 2]
    axes.set_xticks(marks, [hertz(mark) for mark in marks])
    axes.minorticks_off()
    axes.set_xlim(22.4, min(22400.0, sample_rate / 2))
    axes.set_xlabel("Hz")
    axes.set_ylabel("level in the band, dBFS")
    put_legend(axes)
    return figure


def _differences(
    prediction: np.ndarray, target: np.ndarray, dry: np.ndarray, repeat: np.ndarray | None
) -> Iterable[tuple[str, str, np.ndarray]]:
    """Give the stroke, the label and the sound of every line in the pictures of the error."""
    yield "wet", "wet", target
    yield "dry", "dry minus wet", as_channels(dry, target.shape[0]) - target
    if repeat is not None:
        yield "repeat", "played twice, difference", repeat - target
    yield "model", "model minus wet", prediction - target


def learning_curve(history: Sequence[tuple[float, float]]) -> Figure:
    """Draw the error over the minutes of learning, on a logarithmic axis where all are positive.

    Args:
        history: (seconds since the start, error).
    """
    figure = new_figure(height=2.7)
    axes = figure.subplots()
    dress(axes)
    seconds, errors = np.array(history, dtype=float).reshape(-1, 2).T
    dots = "o" if errors.size <= MOST_DOTS else ""
    axes.plot(seconds / 60.0, errors, marker=dots, markersize=3, clip_on=False, **STROKES["model"])
    if errors.size and (errors > 0.0).all():
        _log_scale(axes, errors)
    axes.set_xlabel("minutes")
    axes.set_ylabel("error (ESR)")
    return figure


def _log_scale(axes: Axes, values: np.ndarray) -> None:
    """Make the upright axis logarithmic and write its marks as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    few = np.log10(values.max() / values.min()) < 3.0
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: esr_text(value)))
    axes.yaxis.set_minor_locator(NullLocator())


def error_scale(evaluation: Evaluation) -> Figure:
    """Draw where model, dry signal, best FIR and the effect itself lie on one scale of ESR in dB.

    The error falls to the right. A context without any error has no place on the scale and is left
    out. Model and dry signal are named above the line, the others below it, further away where two
    names would meet.
    """
    figure = new_figure(height=1.45, width=SCALE_WIDTH_INCHES)
    axes = figure.subplots()
    dress(axes, grid=False)
    points = [(n, s.esr_db) for n, s in evaluation.contexts if s.esr > 0.0 and np.isfinite(s.esr)]
    best = min([SCALE_END_DB, *(value for _, value in points)])
    worst = max([0.0, *(value for _, value in points)])
    start, end = worst + 2.0, 10.0 * np.floor(best / 10.0) - 2.0
    axes.set_xlim(start, end)
    axes.set_ylim(-1.0, 1.0)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.axhline(0.0, color=COLOUR["grid"], linewidth=2.0, zorder=0)
    for names in ((DRY, MODEL), (BEST_FIR, REPEAT)):
        places = {name: (value - start) / (end - start) for name, value in points if name in names}
        meet = len(places) == 2 and abs(np.diff(list(places.values()))[0]) < SCALE_NAME_SHARE
        for name, value in points:
            if name in names:
                _scale_mark(axes, name, value, places[name], meet and name == names[1])
    axes.set_xlabel("error-to-signal ratio in dB: less to the right")
    return figure


def _scale_mark(axes: Axes, name: str, value: float, place: float, further: bool) -> None:
    """Set one mark on the scale of errors, and its name at one of two distances."""
    shape, colour = SCALE_MARKS[name]
    axes.plot([value], [0.0], shape, color=colour, markersize=9, markeredgecolor=COLOUR["paper"])
    side = 1 if name in (MODEL, DRY) else -1
    axes.annotate(
        f"{name} {decimals(value, 1)}",
        (value, 0.0),
        xytext=(0, side * (21 if further else 8)),
        textcoords="offset points",
        ha="left" if place < 0.15 else "right" if place > 0.85 else "center",
        va="bottom" if side > 0 else "top",
        color=COLOUR["ink"],
        fontweight="bold" if name == MODEL else "normal",
    )
