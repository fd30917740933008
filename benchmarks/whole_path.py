"""From an effect to a model that plays like it: the table of real plugins and one real amplifier.

Each row runs the command line as a user would: ``wetprint learn`` within a budget, then ``wetprint
evaluate`` on guitar that nothing was learned from. Run it alone on the machine::

    python benchmarks/whole_path.py [ROW ...] [--data FOLDER] [--markdown FILE]

The recordings and the list of effects lie outside the project, in ``../shared`` unless ``--data``
says otherwise; without them there is nothing to measure, and the script says so.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from boxes import BOXES
from clips import lay_out
from given import (
    SHARED,
    learn_and_judge,
    listed_spec,
    listing,
    mean_score,
    on_effect,
    own_audio,
)

JVM = BOXES["jvm_treble"]


@dataclass(frozen=True)
class Row:
    """One line of the table: what is learned, how, and what is asked of it."""

    name: str
    effect: str
    minutes: float
    target: float | None
    own_audio: bool = False


ROWS = [
    Row("calf_lowpass", "calf_lowpass", 1, 1e-9),
    Row("calf_highpass", "calf_highpass", 1, 1e-9),
    Row("cab_mesa", "ir", 1, 1e-7),
    Row("dragonfly_plate", "dragonfly_plate", 2, 1e-5),
    Row("zam_tube", "zam_tube", 3, 1e-4),
    Row("gx_mxrdist", "gx_mxrdist", 5, 0.02),
    Row("gx_amp_cab", "gx_amp_cab", 5, 0.03),
    Row("gx_amp_cab+playing", "gx_amp_cab", 5, 0.015, own_audio=True),
    Row("jvm410h", "recordings", 5, None),
]


def main() -> int:
    """Measure the rows asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="*", choices=[*(row.name for row in ROWS), []])
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--markdown", type=Path, help="also write the table there")
    chosen = parser.parse_args()
    if not listing(chosen.data).is_file():
        print(f"nothing to measure: there is no {listing(chosen.data)}")
        return 1
    lines = [
        "| effect | budget | took | target | ESR | Slide_Lead | Fear | best FIR | dry | itself |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for row in ROWS:
        if not chosen.rows or row.name in chosen.rows:
            with tempfile.TemporaryDirectory() as folder:
                lines.append(measure(row, chosen.data, Path(folder)))
            print(lines[-1], flush=True)
    if chosen.markdown:
        chosen.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def measure(row: Row, data: Path, folder: Path) -> str:
    """Learn one effect, judge it, and return its line."""
    if row.effect == "recordings":
        clips = lay_out(JVM, data / "data", folder)
        source = [str(each) for each in clips.learned]
        judged = [[str(dry), str(wet)] for dry, wet in clips.judged]
    else:
        spec = effect_spec(row, data)
        source, judged = ["--effect", spec], [on_effect(spec, data)]
    if row.own_audio:
        source += ["--training-audio", str(own_audio(data, folder))]
    found = learn_and_judge(source, judged, folder / "model.wetprint", row.minutes)
    return as_line(row, found.seconds, found.passages)


def effect_spec(row: Row, data: Path) -> str:
    """Return what to learn: a plugin of the list, or the cabinet's impulse response."""
    if row.effect == "ir":
        return f"ir:{data / 'data' / 'ir' / 'cab_mesa.flac'}"
    return listed_spec(row.effect, data)


def as_line(row: Row, took: float, passages: list[dict]) -> str:
    """Return the table's line; the first ESR is that of both passages, weighted by length."""

    def esr(context: str, *, of: list[dict]) -> str:
        found = mean_score(of, context)
        return "-" if found is None else f"{found:.2g}"

    target = "-" if row.target is None else f"{row.target:g}"
    cells = [
        row.name,
        f"{row.minutes:g} min",
        f"{took:.0f} s",
        target,
        esr("model", of=passages),
        *(esr("model", of=[each]) for each in passages),
        *(esr(context, of=passages) for context in ("best_fir", "dry", "repeat")),
    ]
    line = "| " + " | ".join(cells) + " |"
    if row.effect == "recordings":
        return f"{line} published: {JVM.published} (12 min of training data)"
    return line


if __name__ == "__main__":
    sys.exit(main())
