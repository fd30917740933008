"""Plans ask fairly, and answers are summed up as they were given."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import numpy as np
import pytest

from tests.judging.listening.serving import small_test
from wetprint.errors import ListeningError
from wetprint.judging.listening.export import as_csv, as_json, summary_of
from wetprint.judging.listening.plan import make_plan
from wetprint.judging.listening.statistics import score
from wetprint.judging.listening.store import Store


def test_a_plan_follows_from_its_seed_and_listener():
    test = small_test(("abx",), trials=20)
    assert test.plan(1) == test.plan(1)
    assert test.plan(1) != test.plan(2)


def test_everything_is_asked_equally_often_and_x_is_a_fair_coin():
    test = small_test(("abx",), models=("ours", "theirs"))
    plan = make_plan(test.passages, ("abx",), 400, 0, 3, 1)
    asked = Counter((each.passage, each.model) for each in plan)
    assert set(asked.values()) == {100}
    rights = [each.right for each in plan]
    assert score(max(map(rights.count, "AB")), 400).p_value > 0.001
    assert all(each.labels["X"] == each.labels[each.right] for each in plan)


def test_a_rating_hides_reference_and_anchor_among_the_models():
    test = small_test(("rating",), models=("ours", "theirs"))
    for each in test.plan(1)[1:]:
        hidden = {value for key, value in each.labels.items() if key.isdigit()}
        assert hidden == {"reference", "anchor", "ours", "theirs"}


def test_unknown_kinds_and_numbers_are_refused():
    test = small_test()
    with pytest.raises(ListeningError, match="abx, closer, rating, got 'xab'"):
        make_plan(test.passages, ("xab",), 4, 0, 0, 0)
    with pytest.raises(ListeningError, match="1 to 400 trials, got 0"):
        make_plan(test.passages, ("abx",), 0, 0, 0, 0)


@pytest.fixture
def answered(tmp_path):
    """One who is always right, one who is always wrong, one who stopped."""
    test = small_test(("abx",), trials=6)
    store = Store(tmp_path / "answers.sqlite", test.described())
    for name in ("right", "wrong", "stopped"):
        listener, _ = store.join(name, None)
        store.plan(listener, test.plan(listener))
        for each in store.answered(listener):
            other = "A" if each.trial.right == "B" else "B"
            if name == "stopped" and each.number == 3:
                break
            store.answer(listener, each.number, each.trial.right if name == "right" else other)
    yield store
    store.close()


def test_only_those_who_finished_count_and_training_does_not(answered):
    found = summary_of(answered)
    assert (found["listeners"], found["unfinished"]) == ([1, 2], [3])
    everyone = found["abx"]["all"]["all"]
    assert (everyone["correct"], everyone["trials"]) == (6, 12)
    one, other = found["abx"]["listener"]["1"], found["abx"]["listener"]["2"]
    assert (one["correct"], one["trials"], one["d_prime"]) == (6, 6, None)
    assert other["correct"] == 0
    assert "no more often than by guessing" in found["abx"]["words"]


def test_everything_can_be_reckoned_anew_from_the_csv(answered):
    rows = list(csv.DictReader(io.StringIO(as_csv(answered))))
    assert len(rows) == 3 * 7
    mine = [each for each in rows if each["name"] == "right" and each["training"] == "False"]
    assert [each["answer"] for each in mine] == [each["right"] for each in mine]
    whole = json.loads(as_json(answered))
    assert whole["test"]["seed"] == 7
    assert len(whole["trials"]) == len(rows)


def test_who_misses_the_hidden_reference_is_left_out(tmp_path):
    test = small_test(("rating",), training=0, models=("ours", "theirs"))
    store = Store(tmp_path / "answers.sqlite", test.described())
    given = {"reference": (100, 40), "anchor": (10, 60), "ours": (90, 50), "theirs": (70, 55)}
    for number in range(2):
        listener, _ = store.join("", None)
        store.plan(listener, test.plan(listener))
        for each in store.answered(listener):
            ratings = {
                key: given[value][number]
                for key, value in each.trial.labels.items()
                if key.isdigit()
            }
            store.answer(listener, each.number, ratings)
    found = summary_of(store)["rating"]
    store.close()
    assert found["left_out"] == [2]
    medians = {key: each["median"] for key, each in found["all"]["all"].items()}
    assert medians == {"reference": 100, "anchor": 10, "ours": 90, "theirs": 70}
    assert "the effect itself 100, ours 90, theirs 70, the low-passed anchor 10" in found["words"]


@pytest.mark.parametrize(("hearing", "told"), [(0.0, "no more often"), (0.9, "can be heard")])
def test_what_simulated_listeners_hear_is_what_the_verdict_says(tmp_path, hearing, told):
    test = small_test(("abx",), trials=40, training=0)
    store = Store(tmp_path / "answers.sqlite", test.described())
    generator = np.random.default_rng(5)
    for _ in range(3):
        listener, _ = store.join("", None)
        store.plan(listener, test.plan(listener))
        for each in store.answered(listener):
            heard = generator.random() < hearing
            guess = str(generator.choice(["A", "B"]))
            store.answer(listener, each.number, each.trial.right if heard else guess)
    assert told in summary_of(store)["abx"]["words"]
    store.close()


def test_a_file_of_another_test_is_refused(tmp_path):
    Store(tmp_path / "answers.sqlite", small_test().described()).close()
    with pytest.raises(ListeningError, match="got those of another"):
        Store(tmp_path / "answers.sqlite", small_test(trials=5).described())
    (tmp_path / "note.txt").write_text("no results at all, but long enough to be taken for some")
    with pytest.raises(ListeningError, match="got another file"):
        Store(tmp_path / "note.txt")
    with pytest.raises(ListeningError, match="there is no"):
        Store(tmp_path / "missing.sqlite")
