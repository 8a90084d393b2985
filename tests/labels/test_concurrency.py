"""Many people at once, and processes that die: nothing acknowledged is lost, doubled or refused."""

import time

import pytest

from sentiment.labels.store import LabelStore
from tests.labels.crowd import Crowd, run_crowd
from tests.labels.made_up import DATASET, MadeUp


@pytest.mark.slow
def test_twenty_labelers_on_one_queue_lose_and_double_nothing(address, tmp_path):
    outcome = run_crowd(address, tmp_path, people=20, seconds=15, kills=0, seed=1)
    assert outcome.faults == 0, outcome
    assert outcome.acknowledged > 100


@pytest.mark.slow
def test_killed_labelers_leave_what_was_acknowledged_and_harm_nobody(address, tmp_path):
    outcome = run_crowd(address, tmp_path, people=4, seconds=12, kills=5, seed=2)
    assert outcome.faults == 0, outcome
    assert outcome.killed == 5
    assert outcome.acknowledged > 20


def test_processes_that_open_an_empty_database_at_once_all_succeed(address, tmp_path):
    crowd = Crowd(address, tmp_path, end=time.time())
    for _ in range(6):
        crowd.join()
    assert crowd.wait() == 0
    store = LabelStore.open(address, source=MadeUp())
    assert len(store.all_classes(DATASET)) == 2
    store.close()
