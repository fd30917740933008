from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetprint.effects import EffectSpec, format_spec, parse_spec
from wetprint.effects.spec import SCHEMES
from wetprint.errors import SpecError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
SETTINGS = st.lists(st.tuples(TEXT, TEXT), max_size=3, unique_by=lambda setting: setting[0])
SPECS = st.builds(EffectSpec, st.sampled_from(SCHEMES), TEXT.filter(str.strip), SETTINGS.map(tuple))


@given(st.lists(SPECS, min_size=1, max_size=3).map(tuple))
def test_parse_reads_what_format_writes(specs: tuple[EffectSpec, ...]) -> None:
    assert parse_spec(format_spec(specs)) == specs


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        specs = parse_spec(text)
    except SpecError:
        return
    assert parse_spec(format_spec(specs)) == specs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "vst3:/usr/lib/vst3/ZamTube.vst3?tube_drive=6",
            EffectSpec("vst3", "/usr/lib/vst3/ZamTube.vst3", (("tube_drive", "6"),)),
        ),
        (
            "lv2:http://guitarix.sourceforge.net/plugins/gx_muff_#_muff_?TONE=0.5&VOLUME=0.5",
            EffectSpec(
                "lv2",
                "http://guitarix.sourceforge.net/plugins/gx_muff_#_muff_",
                (("TONE", "0.5"), ("VOLUME", "0.5")),
            ),
        ),
        (
            "ladspa:caps.so:ChorusI?rate%20(Hz)=0.9",
            EffectSpec("ladspa", "caps.so:ChorusI", (("rate (Hz)", "0.9"),)),
        ),
        (
            "command:sox {in} {out} overdrive 20",
            EffectSpec("command", "sox {in} {out} overdrive 20"),
        ),
        ("reaper:chain.RfxChain", EffectSpec("reaper", "chain.RfxChain")),
    ],
)
def test_reads_the_written_forms_of_the_design(text: str, expected: EffectSpec) -> None:
    assert parse_spec(text) == (expected,)
    assert format_spec(expected) == text


def test_a_chain_keeps_its_order() -> None:
    chain = parse_spec("builtin:Gain?gain_db=3 | ir:cab.wav | wetprint:a.wetprint")
    assert [spec.scheme for spec in chain] == ["builtin", "ir", "wetprint"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is nothing"),
        ("  ", "there is nothing"),
        ("Chorus", "put its scheme and a colon"),
        ("bulitin:Chorus", "did you mean 'builtin'"),
        ("builtin:", "it is empty"),
        ("builtin:Chorus?", "name=value"),
        ("builtin:Chorus?rate_hz", "name=value"),
        ("builtin:Chorus?rate_hz=1&&mix=1", "name=value"),
        ("builtin:Chorus?rate_hz=1&rate_hz=2", "more than once"),
        ("command:sox {in} {out} vol 50%", "write %25"),
        ("builtin:Chorus|builtin:Gain", "with a space on each side"),
        ("builtin:Chorus | ", "effect 2 of the chain"),
        ("builtin:Chorus | | builtin:Gain", "effect 2 of the chain"),
    ],
)
def test_errors_say_what_was_expected(text: str, says: str) -> None:
    with pytest.raises(SpecError) as refusal:
        parse_spec(text)
    assert says in str(refusal.value)
