"""What fits into the one file of a report: pictures of learning and of passages, and sound.

A report stays under 10 MB, unless its words alone are longer: they and the figures are never left
out. What was found of the effects is drawn first, then each passage gets an equal share of what the
pictures may take, and the sound takes what is left; what did not fit is said in its place.
"""

from __future__ import annotations

from collections.abc import Sequence

from wetprint.judging.contexts import as_channels
from wetprint.judging.report import markup
from wetprint.judging.report.content import Passage, ReportContent
from wetprint.judging.report.parts import how_it_was_learned, passage_pictures, set_pictures
from wetprint.judging.report.sound import excerpt
from wetprint.progress import Progress

LARGEST_BYTES = 10_000_000
PAGE_BYTES = 500_000
"""Style, script, and the frame of every part."""

LEARNING_BYTES = 2_000_000
PICTURES_BYTES = 4_000_000
SOUNDS_BYTES = 5_500_000
LEAST_SOUND_BYTES = 700_000
"""A passage gets at least this much sound (some 3 s of stereo) or none."""

TOLD_FIRST = ("time", "frequency", "spectrograms", "waveforms")
"""Which pictures of a passage come first where not all of them fit: what tells most in least."""


def learning(contents: Sequence[ReportContent], level: int) -> list[str]:
    """Set how each effect was learned, with pictures as far as their share goes."""
    parts: list[str] = []
    left = LEARNING_BYTES
    for number, content in enumerate(contents):
        part = how_it_was_learned(content, number, level)
        if len(part) > left:
            part = how_it_was_learned(content, number, level, is_drawn=False)
        parts.append(part)
        left -= len(part)
    return parts


def pictures(passages: Sequence[Passage], taken: int, progress: Progress) -> list[str]:
    """Draw the passages, each within an equal share of what there is for pictures.

    Args:
        passages: in the order of the page.
        taken: how many characters the file holds already.
        progress: told how far it is.

    Returns:
        The markup of each passage's pictures.
    """
    parts: list[str] = []
    left = min(PICTURES_BYTES, (LARGEST_BYTES - PAGE_BYTES - taken) // 2)
    for index, passage in enumerate(passages):
        progress("drawing", index / len(passages), passage.name)
        parts.append(_fitting(passage, str(index), left // (len(passages) - index)))
        left -= len(parts[-1])
    return parts


def _fitting(passage: Passage, key: str, most: int) -> str:
    """Draw those pictures of a passage that fit, and name the others."""
    drawn = passage_pictures(passage)
    fitting: dict[str, str] = {}
    for each in sorted(drawn, key=lambda picture: TOLD_FIRST.index(picture.key)):
        part = set_pictures([each], key)
        if len(part) <= most:
            fitting[each.key] = part
            most -= len(part)
    missing = ", ".join(each.title.lower() for each in drawn if each.key not in fitting)
    note = f"<p>Left out to keep the file small: {missing}.</p>" if missing else ""
    return "\n".join([*(fitting[each.key] for each in drawn if each.key in fitting), note])


def players(passages: Sequence[Passage], taken: int) -> tuple[list[str], str]:
    """Set a player for each passage, as far as the share of the sound goes.

    Args:
        passages: in the order of the page.
        taken: how many characters the file holds already.

    Returns:
        The markup of each passage's player, and that of all their sounds.
    """
    parts: list[str] = []
    sounds = ""
    share = min(SOUNDS_BYTES, LARGEST_BYTES - PAGE_BYTES - taken)
    for index, passage in enumerate(passages):
        left = share - len(sounds)
        budget = max(left // (len(passages) - index), LEAST_SOUND_BYTES)
        rate, channels = passage.evaluation.sample_rate, passage.wet.shape[0]
        made = None
        if left >= LEAST_SOUND_BYTES:
            # In mono the dry signal would come from both speakers and be louder than its figure.
            dry = as_channels(passage.dry, channels)
            made = excerpt(dry, passage.model, passage.wet, rate, budget)
        if made is None:
            parts.append("<p>The sound of this passage is left out to keep the file small.</p>")
            continue
        player, embedded = markup.player(str(index), passage.name, made, rate, channels)
        parts.append(player)
        sounds += embedded
    return parts, sounds
