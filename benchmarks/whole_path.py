"""From an effect to a model that plays like it: the table of real plugins and one real amplifier.

Each row runs the command line as a user would: ``wetprint learn`` within a budget, then ``wetprint
evaluate`` on guitar that nothing was learned from. Run it alone on the machine::

    python benchmarks/whole_path.py [ROW ...] [--data FOLDER] [--markdown FILE]

The recordings and the list of effects lie outside the project, in ``../shared`` unless ``--data``
says otherwise; without them there is nothing to measure, and the script says so.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from given import SHARED, judged_tracks, listed_spec, mean_esr, own_audio, wetprint

JVM_SETTING = "bass0 mid0 treble10 gain5"
JVM_JUDGED_CLIPS = ("clip8", "clip9")
JVM_PUBLISHED = "grey-box .012-.047, black-box LSTM-48 .017-.094 (12 min of training data)"


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
    if not (chosen.data / "effects" / "public.toml").is_file():
        print(f"nothing to measure: there is no {chosen.data / 'effects' / 'public.toml'}")
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
    model = folder / "model.wetprint"
    if row.effect == "recordings":
        source, judged = jvm(data / "data", folder)
    else:
        spec = effect_spec(row, data)
        source = ["--effect", spec]
        judged = [["--effect", spec, *(f"--on={each}" for each in judged_tracks(data))]]
    if row.own_audio:
        source += ["--training-audio", str(own_audio(data, folder))]
    begun = time.monotonic()
    wetprint("learn", *source, "-o", str(model), "--minutes", str(row.minutes))
    took = time.monotonic() - begun
    found = [
        passage
        for each in judged
        for passage in json.loads(wetprint("evaluate", str(model), *each, "--json"))["passages"]
    ]
    return as_line(row, took, found)


def effect_spec(row: Row, data: Path) -> str:
    """Return what to learn: a plugin of the list, or the cabinet's impulse response."""
    if row.effect == "ir":
        return f"ir:{data / 'data' / 'ir' / 'cab_mesa.flac'}"
    return listed_spec(row.effect, data)


def jvm(data: Path, folder: Path) -> tuple[list[str], list[list[str]]]:
    """Lay out the amplifier's clips at one setting: folders to learn from, couples to judge."""
    manifest = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    judged = []
    for side in ("dry", "wet"):
        (folder / side).mkdir()
    for entry in manifest:
        if "JVM410H" not in entry["device"] or not entry["settings"].startswith(JVM_SETTING):
            continue
        if entry["settings"].endswith(JVM_JUDGED_CLIPS):
            judged.append([str(data / entry[side]) for side in ("dry", "wet")])
            continue
        clip = entry["settings"].rsplit(" ", 1)[-1]
        for side in ("dry", "wet"):
            shutil.copy(data / entry[side], folder / side / f"{clip}.flac")
    return [str(folder / "dry"), str(folder / "wet")], judged


def as_line(row: Row, took: float, passages: list[dict]) -> str:
    """Return the table's line; the first ESR is that of both passages, weighted by length."""

    def esr(context: str, *, of: list[dict]) -> str:
        found = mean_esr(of, context)
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
    return line + (f" published: {JVM_PUBLISHED}" if row.effect == "recordings" else "")


if __name__ == "__main__":
    sys.exit(main())
