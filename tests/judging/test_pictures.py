"""Pictures show what they were given, on one scale, in colours that keep apart."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from wetprint.errors import OutputError
from wetprint.judging import Evaluation, Scores, drawing, evaluate, plots
from wetprint.judging.palette import DARK, LIGHT
from wetprint.judging.report.svg import inline_svg

RATE = 48000


def colours_of(figure) -> dict[str, str]:
    """Return the colour of each named line or area of a figure's first axes."""
    handles, names = figure.axes[0].get_legend_handles_labels()
    return dict(zip(names, (_colour(each) for each in handles), strict=True))


def _colour(handle) -> str:
    from matplotlib.colors import to_hex

    return to_hex(handle.get_color() if hasattr(handle, "get_color") else handle.get_facecolor()[0])


@pytest.fixture
def three(noise):
    wet = noise(2, seconds=2.5, seed=1)
    return noise(2, seconds=2.5, seed=2), np.float32(0.9) * wet, wet


def test_spectrograms_share_scale_and_axes(three):
    figure = plots.mel_spectrograms(*three, RATE)
    images = [axes.images[0] for axes in figure.axes[:3]]
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == ["dry", "model", "wet"]
    assert {image.get_clim() for image in images} == {(-80.0, 0.0)}
    assert {tuple(image.get_extent()) for image in images} == {(0.0, 2.5, -0.5, 127.5)}
    assert images[2].get_array().max() == pytest.approx(0.0, abs=1.0)
    # 0.9 of the amplitude is 0.92 dB less, everywhere
    difference = np.asarray(images[2].get_array() - images[1].get_array())
    np.testing.assert_allclose(difference, 0.915, atol=0.01)


def test_the_closest_view_draws_the_very_samples(three):
    dry, model, wet = three
    loud = wet.copy()
    loud[:, 60000:60960] *= 5.0
    lines = {
        line.get_label(): line for line in plots.waveforms(dry, model, loud, RATE).axes[2].lines
    }
    samples = np.round(lines["wet"].get_xdata() * RATE).astype(int)
    assert samples.size == 960
    assert abs(samples[0] - 60000) <= 240
    for name, audio in {"wet": loud, "dry": dry, "model": model}.items():
        np.testing.assert_array_equal(lines[name].get_ydata(), audio[0, samples])


def test_error_over_time_lies_as_far_below_as_the_error_is_small(three):
    dry, model, wet = three
    lines = {
        line.get_label(): np.asarray(line.get_ydata())
        for line in plots.error_over_time(model, wet, dry, RATE).axes[0].lines
    }
    np.testing.assert_allclose(lines["wet"] - lines["model minus wet"], 20.0, atol=0.01)
    np.testing.assert_allclose(lines["wet"], -20.0, atol=1.0)


def test_error_over_frequency_lies_as_far_below_as_the_error_is_small(three):
    dry, model, wet = three
    lines = {
        line.get_label(): np.asarray(line.get_ydata())
        for line in plots.error_over_frequency(model, wet, dry, RATE, repeat=wet).axes[0].lines
    }
    np.testing.assert_allclose(lines["wet"] - lines["model minus wet"], 20.0, atol=0.01)
    assert "played twice, difference" in lines


def test_names_have_the_same_colour_everywhere(three):
    dry, model, wet = three
    pictures = (
        plots.waveforms(dry, model, wet, RATE),
        plots.error_over_time(model, wet, dry, RATE),
        plots.error_over_frequency(model, wet, dry, RATE),
    )
    for figure in pictures:
        found = {name.split()[0]: colour for name, colour in colours_of(figure).items()}
        assert found == {name: LIGHT[name] for name in ("dry", "model", "wet")}


def test_the_learning_curve_counts_minutes_and_writes_plain_numbers():
    figure = plots.learning_curve([(0.0, 0.5), (60.0, 0.05), (180.0, 0.01)])
    axes = figure.axes[0]
    assert axes.lines[0].get_xdata().tolist() == [0.0, 1.0, 3.0]
    assert axes.get_yscale() == "log"
    written = {label.get_text() for label in axes.get_yticklabels()}
    assert {"0.5", "0.05", "0.01"} <= written
    assert plots.learning_curve([(0.0, 0.5), (60.0, 0.0)]).axes[0].get_yscale() == "linear"


def test_the_scale_of_errors_falls_to_the_right_and_leaves_out_no_error(noise):
    wet = noise()
    found = evaluate(np.float32(0.9) * wet, wet, noise(seed=1), RATE, repeat=wet)
    axes = plots.error_scale(found).axes[0]
    names = [each.get_text() for each in axes.texts]
    assert len(names) == 2
    assert "model \N{MINUS SIGN}20.0" in names
    left, right = axes.get_xlim()
    assert left > 3.0 > -20.0 > right


def test_names_on_the_scale_keep_out_of_each_others_way():
    dry, model = (Scores(esr, 1.0, 1.0, 0.1, 0.5, 0.0) for esr in (0.2, 0.1))
    axes = plots.error_scale(Evaluation(model, dry, None, None, RATE, 1, 1.0)).axes[0]
    heights = [each.xyann[1] for each in axes.texts]
    assert abs(heights[0] - heights[1]) > 10


@pytest.mark.parametrize("seconds", [1 / RATE, 0.001, 0.03])
def test_short_sounds_are_drawn_too(noise, seconds):
    three = [noise(1, seconds=seconds, seed=seed) for seed in range(3)]
    dry, model, wet = three
    for figure in (
        plots.mel_spectrograms(*three, RATE),
        plots.waveforms(*three, RATE),
        plots.error_over_time(model, wet, dry, RATE),
        plots.error_over_frequency(model, wet, dry, RATE),
    ):
        assert "<svg" in drawing.svg_text(figure)


def test_files_are_written_by_their_suffix(tmp_path):
    figure = plots.learning_curve([(0.0, 0.5), (60.0, 0.05)])
    drawing.write_picture(tmp_path / "a.png", figure)
    drawing.write_picture(tmp_path / "a.svg", figure)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "a.svg").read_text()
    with pytest.raises(OutputError, match="no folder"):
        drawing.write_picture(tmp_path / "missing" / "a.png", figure)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.png", "a.svg"]


def test_no_global_state_of_matplotlib_is_touched():
    code = (
        "import sys, numpy, wetprint.judging\n"
        "assert not {'torch', 'librosa', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "from wetprint.judging import drawing, plots\n"
        "drawing.svg_text(plots.learning_curve([(0.0, 1.0), (1.0, 0.5)]))\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def raw():
    """One picture with images as matplotlib writes it."""
    generator = np.random.default_rng(0)
    sounds = [generator.standard_normal((1, 4800)).astype(np.float32) for _ in range(3)]
    return drawing.svg_text(plots.mel_spectrograms(*sounds, RATE))


class TestInlineSvg:
    def test_is_one_well_formed_element_with_a_description(self, raw):
        root = ElementTree.fromstring(inline_svg(raw, "a", 'dry & "wet"'))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert root.get("role") == "img"
        assert root.get("aria-label") == 'dry & "wet"'

    def test_is_the_same_every_time(self, raw):
        assert inline_svg(raw, "a", "") == inline_svg(raw, "a", "")

    def test_names_are_its_own_and_all_references_hold(self, raw):
        text = inline_svg(raw, "a", "")
        names = re.findall(r' id="([^"]+)"', text)
        referred = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
        assert referred
        assert sorted(names) == sorted(referred)
        assert all(name.startswith("a-") for name in names)

    def test_follows_the_colours_and_the_type_of_the_page(self, raw):
        text = inline_svg(raw, "a", "")
        assert f"var(--muted, {LIGHT['muted']})" in text
        assert "font-family" not in text
        assert "<style" not in text

    def test_groups_that_say_nothing_are_gone_and_the_others_closed(self, raw):
        text = inline_svg(raw, "a", "")
        assert "<g>" not in text
        assert text.count("<g ") == text.count("</g>") > 0
        assert raw.count("<text") == text.count("<text")
        assert raw.count("<path") == text.count("<path")

    def test_images_keep_their_looks_and_lose_their_weight(self, raw):
        before, after = (
            re.findall('base64,([^"]+)', each) for each in (raw, inline_svg(raw, "a", ""))
        )
        assert len(before) == len(after) > 2
        assert sum(map(len, after)) < 0.7 * sum(map(len, before))
        for old, new in zip(before, after, strict=True):
            distance = pixels(old).astype(int) - pixels(new).astype(int)
            assert np.abs(distance).max() <= 8


def pixels(image_base64: str) -> np.ndarray:
    import base64
    import io

    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image_base64))).convert("RGB"))


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: ratio of relative luminances."""
    lights = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) + 0.05 for each in (one, other))
    return lights[1] / lights[0]


# Machado, Oliveira, Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.0
BLINDNESS = {
    "none": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def lab(colour: str, blindness: str) -> np.ndarray:
    """Return CIE L*a*b* (D65) as someone of that colour vision has it."""
    seen = np.clip(np.array(BLINDNESS[blindness]) @ linear(colour), 0.0, 1.0)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.array(to_xyz) @ seen / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
class TestPalette:
    @pytest.mark.parametrize("blindness", BLINDNESS)
    def test_dry_model_and_wet_keep_apart(self, colours, blindness):
        seen = [lab(colours[name], blindness) for name in ("dry", "model", "wet")]
        assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 25

    def test_contrast_is_enough(self, colours):
        for ground in ("paper", "panel"):
            for name in ("dry", "model", "wet"):
                assert contrast(colours[name], colours[ground]) >= 3.0
            for name in ("ink", "muted", "focus"):
                assert contrast(colours[name], colours[ground]) >= 4.5
