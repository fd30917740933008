"""Everything wetprint refuses, as a handful of exceptions.

Each is also a built-in exception, so that a caller who knows nothing of wetprint can still catch
it. A message is one sentence (or two) saying what was expected, what came, and what to do; the
command line prints it as it stands and exits with status 1.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WetprintError(Exception):
    """The parent of every error raised on purpose."""


class AudioFileError(WetprintError, ValueError):
    """A sound file that cannot be read, or sound that cannot be written."""


class OutputError(WetprintError, OSError):
    """A result that cannot be written: no permission, no space, no such folder."""


class SpecError(WetprintError, ValueError):
    """An effect's written form that cannot be understood, or names what does not exist."""


class EffectError(WetprintError, RuntimeError):
    """An effect that is missing, crashes, hangs, or returns what no effect returns."""


class PairError(WetprintError, ValueError):
    """A dry and a wet recording that do not belong together or cannot be learned from."""


class ModelFileError(WetprintError, ValueError):
    """A model file that is damaged, too new, or not a model."""


class LearningError(WetprintError, ArithmeticError):
    """Learning that cannot go on, such as a loss that is no longer a number."""


class ListeningError(WetprintError, ValueError):
    """A listening test that cannot be set up, or an answer that does not fit it."""


def nearest_names(name: str, known: Iterable[str], count: int = 3) -> str:
    """Say which known names come closest to an unknown one.

    Returns:
        A clause to append to a message, such as ``"; did you mean 'drive'?"``. When nothing is
        near, the first known names are listed, and with none known the clause is empty.

    >>> nearest_names("drvie", ["drive", "tone"])
    "; did you mean 'drive'?"
    """
    names = list(known)
    folded = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), folded, n=count, cutoff=0.5)
    if near:
        return "; did you mean " + " or ".join(f"'{folded[each]}'" for each in near) + "?"
    if names:
        shown = ", ".join(f"'{each}'" for each in names[:12])
        return f"; known are {shown}" + (", ..." if len(names) > 12 else "")
    return ""
