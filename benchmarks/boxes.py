"""Real boxes, as recordings beside the project: which clips are learned from, which are judged on.

A box whose setting was recorded once is learned from the beginning of that clip and judged on its
end. What was published is the error of its authors' own models on clips of the same recordings
(``FIELD.md``, section 4); a range goes over several of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """One box at one setting.

    Attributes:
        device: how its name begins in the manifest of recordings.
        family: of effects.
        learned: the settings, as the manifest writes them, of the clips to learn from.
        judged: of those to judge on; none where the end of each clip is kept for that.
        published: error of others on the same recordings, in words.
        left_only: whether only the left side is sound; the right one was recorded to measure by.
    """

    device: str
    family: str
    learned: tuple[str, ...]
    judged: tuple[str, ...] = ()
    published: str = "-"
    left_only: bool = False


def jvm(setting: str) -> Box:
    """Return the amplifier at one of the settings that were recorded in full."""
    learned = tuple(f"{setting}, clip{number}" for number in (1, 2, 3, 4, 5, 7))
    judged = tuple(f"{setting}, clip{number}" for number in (8, 9))
    return Box("Marshall JVM410H", "amp", learned, judged, "grey-box .012-.047, LSTM-48 .017-.094")


def small_stone(setting: str, *more: str, published: str = "-") -> Box:
    """Return the phaser, judged on the longest clip."""
    learned = tuple(f"{setting} {clip}" for clip in (*more, "test3"))
    return Box("EHX Small Stone", "phaser", learned, (f"{setting} test1",), published)


def single_notes(device: str, family: str, published: str) -> Box:
    """Return a modulation pedal of which two notes were recorded."""
    return Box(device, family, ("single note 7",), ("single note 8",), published)


BETWEEN, BELOW = 1, 3
"""Of four notes: 312 Hz lies between two others, 99 Hz more than an octave below all of them."""


def drive_pedal(device: str, judged: int, published: str) -> Box:
    """Return a drive pedal of which four notes were recorded, judged on one of them."""
    clips = [f"single note clip_{number}" for number in range(4)]
    learned = tuple(each for number, each in enumerate(clips) if number != judged)
    return Box(device, "distortion", learned, (clips[judged],), published)


def cut(
    device: str, family: str, setting: str, published: str = "-", left_only: bool = False
) -> Box:
    """Return a box whose one clip is cut in two."""
    return Box(device, family, (setting,), (), published, left_only)


TAPE = "7.5ips Maxell"
NEUTRON = ".16-.29"
LA_2A = ".006-.12"
CL_1B_44, CL_1B_48 = ".014-.42", ".0002-.12"

BOXES: dict[str, Box] = {
    "small_stone_fast": small_stone("colour=0_rate=3oclock", "train", published=".016"),
    "small_stone_medium": small_stone("colour=0_rate=12oclock"),
    "small_stone_colour": small_stone("colour=1_rate=9oclock"),
    "donner_flanger": cut(
        "Donner Jet flanger", "flanger", "rate12 colour12 range9 (o'clock)", ".019", left_only=True
    ),
    "egfx_chorus": single_notes("chorus (EGFxSet)", "chorus", ".59 (LFO found blindly)"),
    "egfx_flanger": single_notes("flanger (EGFxSet)", "flanger", ".94 (LFO found blindly)"),
    "egfx_phaser": single_notes("phaser (EGFxSet)", "phaser", ".42 (LFO found blindly)"),
    "akai_tape": Box(
        "Akai 4000D tape",
        "tape",
        (
            f"{TAPE} IO_1 (R=pulse track)",
            f"{TAPE} IO_2 (R=pulse track)",
            f"{TAPE} EXP2 70",
        ),
        (f"{TAPE} IO_3 (R=pulse track)", f"{TAPE} EXP2 98"),
        ".010-.14 (given the true delay curve)",
        left_only=True,
    ),
    "neutron_lowpass_low": cut("Behringer Neutron LP filter", "lowpass", "0.1_0.2"),
    "neutron_lowpass_middle": cut("Behringer Neutron LP filter", "lowpass", "0.5_0.5"),
    "neutron_lowpass_high": cut("Behringer Neutron LP filter", "lowpass", "0.7_0.6"),
    "jvm_treble": jvm("bass0 mid0 treble10 gain5"),
    "jvm_scooped": jvm("bass10 mid0 treble10 gain5"),
    "jvm_even": jvm("bass1 mid3 treble7 gain5"),
    "tube_screamer": drive_pedal("Ibanez Tube Screamer", BETWEEN, ".003-.012"),
    "tube_screamer_below": drive_pedal("Ibanez Tube Screamer", BELOW, ".003-.012"),
    "blues_driver": drive_pedal("Boss BD-2", BETWEEN, ".004-.069"),
    "blues_driver_below": drive_pedal("Boss BD-2", BELOW, ".004-.069"),
    "la_2a_1": cut("Teletronix LA-2A", "compressor", "unlabelled setting, sample1", LA_2A),
    "la_2a_3": cut("Teletronix LA-2A", "compressor", "unlabelled setting, sample3", LA_2A),
    "la_2a_5": cut("Teletronix LA-2A", "compressor", "unlabelled setting, sample5", LA_2A),
    "cl_1b_fast": cut("Tube-Tech CL 1B", "compressor", "at_0_re_0_ra_05_th_05", CL_1B_44),
    "cl_1b_deep": cut("Tube-Tech CL 1B", "compressor", "at_05_re_05_ra_0_th_075", CL_1B_44),
    "cl_1b_medium": Box(
        "Tube-Tech CL 1B", "compressor", ("medium sweep",), ("medium bass",), CL_1B_48
    ),
    "neutron_drive_low": cut("Behringer Neutron overdrive", "overdrive", "0.3_0.4", NEUTRON),
    "neutron_drive_middle": cut("Behringer Neutron overdrive", "overdrive", "0.5_0.7", NEUTRON),
    "neutron_drive_high": cut("Behringer Neutron overdrive", "overdrive", "0.9_0.6", NEUTRON),
}
