"""The benchmark writes its part of a page and nothing else of it."""

from __future__ import annotations

import pytest

from page import BEGIN, END, between_markers, write_between_markers

PAGE = f"# Head\n\nby hand\n\n{BEGIN}\nold\n{END}\n\nby hand, too\n"


def test_only_what_lies_between_the_markers_changes(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    for _ in range(2):
        write_between_markers(path, ["| new |"])
        written = path.read_text(encoding="utf-8")
        assert written == PAGE.replace("old\n", "\n| new |\n")


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}\n{BEGIN}", PAGE + BEGIN])
def test_a_page_without_its_markers_is_refused(tmp_path, text):
    with pytest.raises(ValueError, match="once each, in this order"):
        between_markers(text, [])
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.md"):
        write_between_markers(path, [])
    assert path.read_text(encoding="utf-8") == text
