"""Any program as an effect: ``command:sox {in} {out} overdrive 20``.

``{in}`` and ``{out}`` stand for a WAV file to read and one to write. The text is split as a shell
would split it, but no shell runs, so there are no pipes, wildcards or variables. The program runs
in the folder wetprint was started in.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

from wetprint.effects.hosted import TimeLimits
from wetprint.effects.knob import Knob
from wetprint.effects.programs import ProgramEffect
from wetprint.effects.spec import EffectSpec
from wetprint.errors import EffectError, SpecError

_ENCODINGS = ("float32", "pcm24", "pcm16")


class CommandEffect(ProgramEffect):
    """A program with {in} and {out} among its arguments.

    Raises:
        SpecError: {in} or {out} is missing, or a quotation mark is not closed.
        EffectError: there is no such program.
    """

    _KNOBS = (Knob("encoding", "encoding of the file given", "", 0, 2, 0, _ENCODINGS),)

    def __init__(self, spec: EffectSpec, limits: TimeLimits) -> None:
        super().__init__(spec, limits)
        self._encoding = _ENCODINGS[int(self._settings.get("encoding", 0))]
        try:
            self._words = shlex.split(spec.identifier)
        except ValueError as error:
            raise SpecError(f"'{spec.identifier}' cannot be split into words: {error}") from None
        for place in ("{in}", "{out}"):
            if not any(place in word for word in self._words):
                raise SpecError(
                    "expected a command with {in} and {out} where it names the file to read and "
                    f"the one to write, but '{spec.identifier}' has no {place}"
                )
        if shutil.which(self._words[0]) is None:
            raise EffectError(
                f"there is no program '{self._words[0]}' to run; install it or give its full path"
            )

    def _arguments(self, dry: Path, wet: Path, sample_rate: int, channels: int) -> list[str]:
        return [word.replace("{in}", str(dry)).replace("{out}", str(wet)) for word in self._words]
