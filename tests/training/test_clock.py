"""When a loop reports."""

from sentiment.training import clock
from sentiment.training.clock import Clock


def test_the_first_step_is_told_at_once_and_the_next_ones_half_a_second_apart(monkeypatch):
    now = 100.0
    monkeypatch.setattr(clock.time, "monotonic", lambda: now)
    paces = Clock()
    assert paces.due()
    assert not paces.due()
    now = 100.4
    assert not paces.due()
    now = 100.6
    assert paces.due()
    assert not paces.due()
