"""What turns a picture's SVG into a part of a page: the page's colours and type, and its own names.

matplotlib writes fixed colours, its own font, and names that every picture repeats. Inside a page
the colours become the page's custom properties (so that a picture follows light and dark), the font
the page's, and the names unlike those of the next picture. Coordinates are cut to a hundredth of a
point and images to a palette of 256 colours, which no eye can tell and which halves the size.
"""

from __future__ import annotations

import base64
import html
import io
import re

from wetprint.judging.palette import LIGHT

_HEAD = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL)
_ROOT = re.compile(r'<svg [^>]*viewBox="(?P<box>[^"]*)"[^>]*>')
_FONT = re.compile(r"font-family: [^;]*;")
_DECIMALS = re.compile(r"(-?\d+\.\d\d)\d+")
_GEOMETRY = re.compile(r' (?:d|x|y|points)="[^"]*"')  # not transform: images are scaled by it
_NAMED = re.compile(r' id="([^"]+)"')
_REFERRED = re.compile(r'(?:href="#|url\(#)([^")]+)')
_GROUP = re.compile(r"<g(?: [^>]*[^/>])?>|</g>")
_NO_TURN = re.compile(r' transform="rotate\(-?0(?:\.0+)? [^)]*\)"')
_IMAGE = re.compile(r'(href="data:image/png;base64,)([^"]*)"')
_COLOURS = re.compile("|".join(map(re.escape, LIGHT.values())))
_NAMES = {colour: name for name, colour in LIGHT.items()}


def inline_svg(raw: str, name: str, description: str) -> str:
    """Make matplotlib's SVG fit to stand in a page.

    Args:
        raw: a whole SVG document with live text, as ``drawing.svg_text`` gives it.
        name: unlike that of every other picture on the page; letters, digits and hyphens.
        description: what the picture shows, for those who cannot see it.

    Returns:
        One ``<svg>`` element as wide as the place it is put in.
    """
    text = _HEAD.sub("", raw)
    root = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        rf'viewBox="\g<box>" role="img" aria-label="{html.escape(description)}" '
        'stroke-linejoin="round">'
    )
    text = _ROOT.sub(root, text, count=1)
    text = _GEOMETRY.sub(lambda found: _DECIMALS.sub(r"\1", found[0]).replace("\n", ""), text)
    text = _FONT.sub("", text)
    text = _COLOURS.sub(lambda found: f"var(--{_NAMES[found[0]]}, {found[0]})", text)
    text = _without_bare_groups(_NO_TURN.sub("", _own_names(text, name)))
    text = _IMAGE.sub(lambda found: f'{found[1]}{_with_palette(found[2])}"', text)
    return re.sub(r">\s+<", "><", text).strip()


def _own_names(text: str, prefix: str) -> str:
    """Prefix every name that is referred to, and drop all others."""
    referred = set(_REFERRED.findall(text))
    text = _NAMED.sub(
        lambda found: f' id="{prefix}-{found[1]}"' if found[1] in referred else "", text
    )
    return re.sub(r'(href="#|url\(#)([^")]+)', rf"\1{prefix}-\2", text)


def _without_bare_groups(text: str) -> str:
    """Drop groups that say nothing of what is in them: a third of all elements."""
    kept: list[bool] = []

    def replaced(found: re.Match[str]) -> str:
        if found[0] == "</g>":
            return found[0] if kept.pop() else ""
        kept.append(found[0] != "<g>")
        return found[0] if kept[-1] else ""

    return _GROUP.sub(replaced, text)


def _with_palette(image_base64: str) -> str:
    """Reduce an embedded PNG to 256 colours."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(image_base64))).convert("RGB")
    buffer = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
