"""The benchmark goes on where it was interrupted, and one row's failure is not the others'."""

from __future__ import annotations

import sys

import pytest

import families
from given import CommandFailed
from ledger import Run, read
from page import BEGIN, END

from .outcomes import outcome

LISTING = """
[plate]
family = "reverb"
spec = "builtin:Reverb"

[fuzz]
family = "drive"
spec = "builtin:Distortion"
"""


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """Run the benchmark with rows that are measured by a stand-in; return what it measured."""
    (tmp_path / "effects").mkdir()
    (tmp_path / "effects" / "public.toml").write_text(LISTING, encoding="utf-8")
    page = tmp_path / "page.md"
    page.write_text(f"by hand\n{BEGIN}\n{END}\n", encoding="utf-8")
    comparison = tmp_path / "comparison.md"
    comparison.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    places = {"--data": tmp_path, "--state": tmp_path / "state.jsonl", "--page": page}
    places["--comparison"] = comparison

    def run(*arguments: str, failing: str = "", interrupted_at: str = "") -> tuple[int, list[str]]:
        measured: list[str] = []

        def measure(run: Run, *_):
            if run.name == interrupted_at:
                raise KeyboardInterrupt
            measured.append(run.name)
            if run.name == failing:
                raise CommandFailed("the plugin fell silent")
            return outcome(run.name, run.setting, run.source, run.model, run.minutes, esr=0.0123)

        monkeypatch.setattr(families, "measure", measure)
        options = [str(word) for pair in places.items() for word in pair]
        monkeypatch.setattr(sys, "argv", ["families.py", *arguments, *options])
        return families.main(), measured

    run.page, run.state = page, places["--state"]
    return run


def test_rows_that_are_known_are_not_measured_again(bench, capsys):
    assert bench("effects") == (0, ["plate", "fuzz"])
    assert bench("effects") == (0, [])
    assert bench("effects", "--again") == (0, ["plate", "fuzz"])
    assert bench("fuzz", "--minutes", "1") == (0, ["fuzz"])
    assert "0 to measure, 2 known" in capsys.readouterr().out


def test_an_interrupted_benchmark_keeps_its_rows_on_file_and_page(bench):
    with pytest.raises(KeyboardInterrupt):
        bench("effects", interrupted_at="fuzz")
    assert [run.name for run in read(bench.state)] == ["plate"]
    assert "| plate | reverb | 0.25 |" in bench.page.read_text(encoding="utf-8")
    assert bench("effects") == (0, ["fuzz"])


def test_a_row_that_fails_is_told_and_tried_again_the_next_time(bench, capsys):
    assert bench("effects", failing="plate") == (1, ["plate", "fuzz"])
    assert "plate, listed, generated, auto: the plugin fell silent" in capsys.readouterr().err
    assert bench("effects") == (0, ["plate"])


def test_the_page_keeps_what_was_written_by_hand_and_the_table_is_printed(bench, capsys):
    bench("effects")
    text = bench.page.read_text(encoding="utf-8")
    assert text.startswith(f"by hand\n{BEGIN}\n")
    assert text.endswith(f"{END}\n")
    row = "| fuzz | drive | 0.25 | 0.12 | 0.012 | - | - | 1.2e-05 | - | 1.5 |"
    assert row in text
    assert row in capsys.readouterr().out


def test_an_unknown_row_or_recipe_is_refused_before_anything_is_measured(bench, capsys):
    with pytest.raises(SystemExit, match="no row 'plat'"):
        bench("plat")
    with pytest.raises(SystemExit):
        bench("plate", "--baselines", "linear,lst")
    assert "there is no recipe 'lst'" in capsys.readouterr().err


def test_without_recordings_there_is_nothing_to_measure(bench, tmp_path, capsys):
    (tmp_path / "effects" / "public.toml").unlink()
    assert bench("effects") == (1, [])
    assert "nothing to measure" in capsys.readouterr().out
