"""The settings of an effect, and how what a spec says becomes their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wetprint.errors import SpecError, nearest_names


@dataclass(frozen=True)
class Knob:
    """One setting of an effect.

    Attributes:
        name: what a spec calls it.
        label: what the effect itself calls it.
        unit: of minimum, maximum and default, such as "dB"; empty when it has none.
        minimum: smallest value allowed; -inf when the effect names none.
        maximum: largest value allowed; inf when the effect names none.
        default: the value it has when the spec does not mention it.
        choices: names of its positions when it is a switch, otherwise None.
        choice_values: the number behind each choice; None means 0, 1, 2, ...
        whole: only whole numbers are allowed.
    """

    name: str
    label: str
    unit: str
    minimum: float
    maximum: float
    default: float
    choices: tuple[str, ...] | None = None
    choice_values: tuple[float, ...] | None = None
    whole: bool = False

    def read(self, text: str) -> float:
        """Turn what a spec says into this knob's number.

        Args:
            text: a number, or the name of a choice.

        Raises:
            SpecError: not a number, not a choice, or outside the range, which is given.
        """
        if self.choices is not None:
            return self._read_choice(text.strip())
        value = _number(text)
        if value is None or (self.whole and value != round(value)):
            kind = "a whole number" if self.whole else "a number"
            raise SpecError(f"'{self.name}' takes {kind} {self.range_text()}, but '{text}' came")
        slack = 1e-6 * max(abs(bound) for bound in (self.minimum, self.maximum, 0.0) if _ok(bound))
        if not self.minimum - slack <= value <= self.maximum + slack:
            raise SpecError(f"'{self.name}' goes {self.range_text()}, but {text} came")
        return min(max(value, self.minimum), self.maximum)

    def range_text(self) -> str:
        """Say what is allowed, in words: "from 0 to 11 dB", "one of 'off', 'on'"."""
        if self.choices is not None:
            return "one of " + ", ".join(f"'{choice}'" for choice in self.choices)
        unit = f" {self.unit}" if self.unit else ""
        if _ok(self.minimum) and _ok(self.maximum):
            return f"from {self.minimum:g} to {self.maximum:g}{unit}"
        if _ok(self.minimum):
            return f"from {self.minimum:g}{unit} up"
        if _ok(self.maximum):
            return f"up to {self.maximum:g}{unit}"
        return f"of any size, in{unit}" if unit else "of any size"

    def values(self) -> tuple[float, ...]:
        """Give the number behind each choice (empty for a knob without choices)."""
        if self.choice_values is not None:
            return self.choice_values
        return tuple(float(place) for place in range(len(self.choices or ())))

    def _read_choice(self, text: str) -> float:
        choices, values = self.choices or (), self.values()
        folded = [choice.strip().casefold() for choice in choices]
        wanted = text.casefold()
        if folded == ["off", "on"]:
            wanted = {"false": "off", "no": "off", "true": "on", "yes": "on"}.get(wanted, wanted)
        if wanted in folded:
            return values[folded.index(wanted)]
        number = _number(text)
        for value in values:
            if number is not None and math.isclose(number, value, rel_tol=1e-6, abs_tol=1e-9):
                return value
        numbered = ", ".join(f"'{c}' ({v:g})" for c, v in zip(choices, values, strict=True))
        near = nearest_names(text, choices) if number is None else ""
        near = near if "did you mean" in near else ""
        raise SpecError(f"'{self.name}' is one of {numbered}, but '{text}' came{near}")


def read_settings(
    knobs: Sequence[Knob], settings: Iterable[tuple[str, str]], effect: str
) -> dict[str, float]:
    """Look up and validate the settings of a spec.

    Args:
        knobs: what the effect has; a setting may use a knob's name or, in any case, its label.
        settings: names and values as written.
        effect: the effect in words, for messages.

    Returns:
        The number of each knob mentioned, by the knob's own name.

    Raises:
        SpecError: an unknown knob (the nearest are named), or a value that is not allowed.
    """
    by_name = {knob.name: knob for knob in knobs}
    folded: dict[str, Knob] = {}
    for knob in knobs:
        folded.setdefault(knob.label.casefold(), knob)
    folded.update({knob.name.casefold(): knob for knob in knobs})
    values: dict[str, float] = {}
    for name, text in settings:
        knob = by_name.get(name) or folded.get(name.casefold())
        if knob is None:
            known = nearest_names(name, by_name) or "; it has no knobs"
            raise SpecError(f"{effect} has no knob '{name}'{known}")
        if knob.name in values:
            raise SpecError(f"the knob '{knob.name}' of {effect} is set more than once; keep one")
        try:
            values[knob.name] = knob.read(text)
        except SpecError as error:
            raise SpecError(f"{effect}: {error}") from None
    return values


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if _ok(value) else None


def _ok(value: float) -> bool:
    return math.isfinite(value)
