"""What is asked of effects, and their knobs turned elsewhere."""

from __future__ import annotations

import pytest

from asked import ASKED, FROM_GENERATED, FROM_PLAYING, KNOBS, Asked, Demand, with_knobs
from choosing import SOURCES


def passage(seconds: float = 10.0, **contexts: float) -> dict:
    scores = {name: {"mel_distance_db": value} for name, value in contexts.items()}
    return {"name": "riff", "seconds": seconds, **scores}


def test_every_effect_asked_for_is_measured_at_another_setting_too():
    assert set(ASKED) == set(KNOBS)
    assert all(KNOBS.values())


def test_every_source_has_its_allowance():
    assert set(FROM_GENERATED) == set(FROM_PLAYING) == set(SOURCES)
    assert min(*FROM_GENERATED.values(), *FROM_PLAYING.values()) == 1.0


def test_the_error_asked_for_grows_with_the_allowance_of_its_source():
    asked = Asked(0.01, {"generated": 2.0, "playing": 1.0, "guitar": 5.0})
    assert [asked.esr_from(source) for source in SOURCES] == [0.02, 0.01, 0.05]
    assert Asked(None, FROM_PLAYING).esr_from("guitar") is None


class TestKnobs:
    SPEC = "lv2:http://plugins.org/echo#mono?time=300&feedback=0.5"

    def test_one_is_turned_and_the_others_are_left(self):
        turned = with_knobs(self.SPEC, {"feedback": "0.7"})
        assert turned == "lv2:http://plugins.org/echo#mono?time=300&feedback=0.7"

    def test_one_that_stood_at_its_default_is_added(self):
        assert with_knobs("builtin:Reverb", {"room_size": "0.9"}) == "builtin:Reverb?room_size=0.9"

    def test_a_chain_is_refused(self):
        with pytest.raises(ValueError, match="chain of 2"):
            with_knobs("builtin:Chorus | builtin:Reverb", {"mix": "1"})


class TestDemand:
    def test_a_share_of_another_context_is_met_up_to_its_edge(self):
        third = Demand("mel_distance_db", at_most=0.5, times="best_fir")
        assert third.is_met([passage(model=1.0, best_fir=2.0)])
        assert not third.is_met([passage(model=1.01, best_fir=2.0)])

    def test_a_least_is_met_from_its_edge_on(self):
        assert Demand("mel_distance_db", at_least=0.95).is_met([passage(model=0.95)])
        assert not Demand("mel_distance_db", at_least=0.95).is_met([passage(model=0.94)])

    def test_passages_count_by_their_length(self):
        short, long = passage(seconds=1.0, model=10.0), passage(seconds=9.0, model=0.0)
        assert Demand("mel_distance_db", at_most=1.0).is_met([short, long])
        assert not Demand("mel_distance_db", at_most=0.99).is_met([short, long])

    def test_a_sign_does_not_hide_a_difference(self):
        assert not Demand("mel_distance_db", at_most=0.5).is_met([passage(model=-3.0)])

    def test_what_was_not_measured_is_not_met(self):
        assert not Demand("mel_distance_db", at_most=1.0).is_met([passage(dry=0.0)])
        assert not Demand("mel_distance_db", at_least=0.0).is_met([])
        assert not Demand("mel_distance_db", times="best_fir").is_met([passage(model=0.0)])
