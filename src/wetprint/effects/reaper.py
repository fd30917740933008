"""A REAPER effect chain through its batch converter: ``reaper:chain.RfxChain``.

REAPER is started as ``reaper -newinst -nosplash -batchconvert filelist.txt``. The list is the one
that ``reaper -?`` documents (reprinted in ReaTeam/Doc, REAPER-CLI.md): a line for each file,
``input<TAB>output``, and a ``<CONFIG ...>`` block that names the chain and the output format,
here 32-bit float WAV at the source's own sample rate. REAPER itself compensates latency.

Written from that documentation; proven with a stand-in that records what it is given, not with
REAPER.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wetprint.effects.hosted import TimeLimits
from wetprint.effects.knob import Knob
from wetprint.effects.processes import Ended, last_line
from wetprint.effects.programs import BatchEffect, find_program
from wetprint.effects.spec import EffectSpec
from wetprint.errors import EffectError

VARIABLE = "WETPRINT_REAPER"
PROGRAM_NAMES = (
    "reaper",
    "~/opt/REAPER/reaper",
    "/opt/REAPER/reaper",
    "/Applications/REAPER.app/Contents/MacOS/REAPER",
    r"C:\Program Files\REAPER (x64)\reaper.exe",
)
# The sink's four letters backwards, bits per sample, and a byte for large files: "evaw", 32, 0, 1.
_FLOAT_WAV = "ZXZhdyAAAQ=="


class ReaperEffect(BatchEffect):
    """A saved effect chain of REAPER.

    Raises:
        EffectError: the chain's file or REAPER is missing.
    """

    _KNOBS = (Knob("channels", "channels of the result", "", 1, 2, 2, ("1", "2"), (1.0, 2.0)),)

    def __init__(self, spec: EffectSpec, limits: TimeLimits) -> None:
        super().__init__(spec, limits)
        self._chain = Path(spec.identifier).expanduser().absolute()
        if not self._chain.is_file():
            raise EffectError(
                f"there is no REAPER effect chain {spec.identifier}; save one with 'Save chain' in "
                "REAPER's FX window and give its path"
            )
        self._program = find_program(VARIABLE, PROGRAM_NAMES, "REAPER")
        self.outputs = int(self._settings.get("channels", 2))

    def files(self) -> tuple[str, ...]:
        """List the chain's file."""
        return (str(self._chain),)

    def _call(self, jobs: Sequence[tuple[Path, Path]], folder: Path, sound_s: float) -> Ended:
        listed = folder / "filelist.txt"
        listed.write_text(file_list(jobs, self._chain, self.outputs or 2), "utf-8")
        arguments = [self._program, "-newinst", "-nosplash", "-batchconvert", str(listed)]
        ended = self._execute(arguments, folder, sound_s)
        log = last_line(listed.with_name(listed.name + ".log"))
        return Ended(ended.status, log or ended.last_words)


def file_list(jobs: Sequence[tuple[Path, Path]], chain: Path, channels: int) -> str:
    """Write the file list that REAPER's batch converter reads.

    Args:
        jobs: input and output files.
        chain: the .RfxChain file, absolute.
        channels: of the outputs and of the chain.
    """
    lines = [f"{dry}\t{wet}" for dry, wet in jobs]
    settings = [f"NCH {channels}", f"FX_NCH {channels}", f"FXCHAIN {_quoted(str(chain))}"]
    sink = ["<OUTFMT", f"  {_FLOAT_WAV}", ">"]
    block = ["<CONFIG", *(f"  {line}" for line in (*settings, *sink)), ">"]
    return "\n".join((*lines, *block, ""))


def _quoted(text: str) -> str:
    """Quote as in REAPER's files: with the first quotation mark that is not inside."""
    for mark in "\"'`":
        if mark not in text:
            return f"{mark}{text}{mark}"
    raise EffectError(f"REAPER cannot be given a path with all of \" ' ` in it: {text}")
