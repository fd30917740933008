"""How an effect is written down: ``scheme:identifier?knob=value&knob=value``, chained by `` | ``.

The same text serves the command line, Python and manifests. A percent sign and two hexadecimal
digits stand for a character that would otherwise be read as part of the grammar (RFC 3986,
section 2.1, with UTF-8 underneath): ``%3F`` for ``?``, ``%7C`` for ``|``, ``%25`` for ``%``
itself, and among knobs also ``%20`` for a space, ``%26`` for ``&`` and ``%3D`` for ``=``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from wetprint.errors import SpecError, nearest_names

SCHEMES = (
    "vst3",
    "lv2",
    "vst2",
    "ladspa",
    "builtin",
    "command",
    "ir",
    "reaper",
    "mrswatson",
    "wetprint",
)
GRAMMAR = "scheme:identifier?knob=value&knob=value"

_SEPARATOR = re.compile(r"(?<=\s)\|(?=\s)")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True)
class EffectSpec:
    """One effect of a chain as it is written, decoded but not yet looked up.

    Attributes:
        scheme: which host plays it, one of ``SCHEMES``.
        identifier: what the host knows it by: a path, a URI, a name, a command.
        settings: knob names and values in the order written, both as text.
    """

    scheme: str
    identifier: str
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return _format_one(self)


def parse_spec(text: str) -> tuple[EffectSpec, ...]:
    """Read a written effect, or a chain of them.

    Raises:
        SpecError: says what was expected where, and names the nearest scheme.

    >>> parse_spec("builtin:Chorus?rate_hz=1.2 | ir:cab.wav")[0].settings
    (('rate_hz', '1.2'),)
    """
    if not text.strip():
        raise SpecError(f"expected an effect written {GRAMMAR}, but there is nothing; add one")
    stages = _SEPARATOR.split(f" {text.strip()} ")
    return tuple(_parse_one(stage.strip(), number) for number, stage in enumerate(stages, 1))


def format_spec(specs: EffectSpec | Iterable[EffectSpec]) -> str:
    """Write an effect or a chain so that `parse_spec` reads the same again.

    >>> format_spec(EffectSpec("ladspa", "caps.so:ChorusI", (("rate (Hz)", "0.9"),)))
    'ladspa:caps.so:ChorusI?rate%20(Hz)=0.9'
    """
    stages = (specs,) if isinstance(specs, EffectSpec) else tuple(specs)
    return " | ".join(_format_one(stage) for stage in stages)


def _parse_one(text: str, number: int) -> EffectSpec:
    scheme, colon, rest = text.partition(":")
    if not text or not colon:
        raise SpecError(
            f"expected effect {number} of the chain written {GRAMMAR}, but it reads '{text}'; "
            f"put its scheme and a colon before it (schemes: {', '.join(SCHEMES)})"
        )
    if scheme not in SCHEMES:
        raise SpecError(
            f"'{scheme}' is no scheme of effects{nearest_names(scheme, SCHEMES)} "
            f"(schemes: {', '.join(SCHEMES)})"
        )
    _refuse_bare_signs(rest, text)
    identifier, question, knobs = rest.partition("?")
    if not identifier.strip():
        raise SpecError(f"expected something after '{scheme}:' in '{text}', but it is empty")
    settings = tuple(_parse_setting(each, text) for each in knobs.split("&")) if question else ()
    _refuse_repetition(settings, text)
    return EffectSpec(scheme, unquote(identifier, errors="surrogateescape"), settings)


def _parse_setting(text: str, whole: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value or "=" in value:
        raise SpecError(
            f"expected knobs after '?' written name=value and joined by '&', but '{whole}' has "
            f"'{text}' there; write %3F, %26 and %3D for the signs ? & = themselves"
        )
    return unquote(name, errors="surrogateescape"), unquote(value, errors="surrogateescape")


def _refuse_bare_signs(rest: str, whole: str) -> None:
    if _STRAY_PERCENT.search(rest):
        raise SpecError(
            f"a % in '{whole}' is not followed by two hexadecimal digits; write %25 for a % itself"
        )
    if "|" in rest:
        raise SpecError(
            f"effects of a chain are joined by ' | ' with a space on each side, but '{whole}' has "
            "a | without them; add the spaces, or write %7C for a | itself"
        )


def _refuse_repetition(settings: tuple[tuple[str, str], ...], whole: str) -> None:
    names = [name for name, _ in settings]
    for name in names:
        if names.count(name) > 1:
            raise SpecError(f"the knob '{name}' is set more than once in '{whole}'; keep one")


def _format_one(spec: EffectSpec) -> str:
    written = f"{spec.scheme}:{_escape(spec.identifier, '%?|', keep_inner_spaces=True)}"
    settings = (f"{_escape(n, '%&=|?')}={_escape(v, '%&=|?')}" for n, v in spec.settings)
    return written + ("?" + "&".join(settings) if spec.settings else "")


def _escape(text: str, signs: str, keep_inner_spaces: bool = False) -> str:
    """Percent-encode ``signs``, control characters and spaces (inner ones may stay)."""
    written = []
    for place, character in enumerate(text):
        inner = keep_inner_spaces and character == " " and 0 < place < len(text) - 1
        if character in signs or (not inner and not _plain(character)):
            encoded = character.encode("utf-8", errors="surrogateescape")
            written.append("".join(f"%{byte:02X}" for byte in encoded))
        else:
            written.append(character)
    return "".join(written)


def _plain(character: str) -> bool:
    return character.isprintable() and not character.isspace()
