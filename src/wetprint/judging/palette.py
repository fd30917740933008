"""The colours that mean something, the same in every picture and on every page.

Dry is grey, because nothing has happened to it yet; wet is blue; the model is orange-red, and thin
enough to let the wet beneath it show. The three keep apart for every common kind of colour
blindness, and lines differ in dash and width besides. On paper and panel all but the grid have a
contrast of at least 3 to 1, ink, muted and focus of at least 4.5 to 1 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

LIGHT = {
    "paper": "#fcfbf8",
    "panel": "#f3f1ec",
    "ink": "#1a1d21",
    "muted": "#585d64",
    "grid": "#dcd9d2",
    "dry": "#7f858c",
    "model": "#cf4a12",
    "wet": "#15659f",
    "focus": "#7a3ea8",
}
DARK = {
    "paper": "#15171a",
    "panel": "#1e2125",
    "ink": "#eeece7",
    "muted": "#a9adb3",
    "grid": "#3a3e44",
    "dry": "#9aa0a8",
    "model": "#ff8a5c",
    "wet": "#4fa9ea",
    "focus": "#cf9bf5",
}


def css_variables(colours: dict[str, str]) -> str:
    """Write a palette as CSS custom properties.

    >>> css_variables({"ink": "#000000"})
    '--ink: #000000;'
    """
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
