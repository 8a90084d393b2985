"""Why, asked of the model process as the pages do it."""

import time

import pytest

from sentiment.errors import RunError, UsageError
from sentiment.serving.client import ModelProcess

BASE = "en-cnn-reviews"


@pytest.fixture(scope="module")
def process():
    found = ModelProcess()
    yield found
    found.stop()


def test_it_says_why(process):
    text = "A wonderful camera, but awful \ud800 battery 👍🏽"
    found = process.ask("explain", BASE, text=text)
    scores = {text[start:end]: score for start, end, score in found["words"]}
    assert scores["wonderful"] * scores["awful"] < 0
    assert "👍🏽" in scores
    flip = process.ask("flip", BASE, text=text)
    assert flip["said"] == found["prediction"]
    assert flip["says"] != flip["said"]


def test_it_says_how_much_of_a_text_it_has_no_word_for(process):
    assert process.ask("explain", BASE, text="A good camera 👍")["unknown"] == 0.0
    assert process.ask("explain", BASE, text="المنتج سيئ جدا ولا أنصح به")["unknown"] > 0.9
    assert process.ask("explain", BASE, text=" ")["unknown"] == 0.0
    assert 0.3 < process.ask("explain", BASE, text="good, المنتج سيئ جدا")["unknown"] < 0.9


def test_what_cannot_be_asked_is_refused(process):
    with pytest.raises(UsageError, match="20\u202f001 characters"):
        process.ask("explain", BASE, text="x" * 20_001)
    with pytest.raises(UsageError, match="no class 'mixed'"):
        process.ask("explain", BASE, text="x", target="mixed")
    with pytest.raises(UsageError, match="rows are asked for"):
        process.ask("similar", BASE, text="x", n=10**9, run="x")
    with pytest.raises(RunError, match="not a run folder"):
        process.ask("similar", BASE, text="x", run="/nowhere")


@pytest.mark.slow
def test_after_the_first_a_text_is_explained_before_anybody_notices(process):
    process.ask("explain", BASE, text="the first")
    seconds = []
    for n in range(15):
        began = time.perf_counter()
        process.ask("explain", BASE, text=f"Number {n} is a good camera with a poor battery. " * (1 + n % 6))
        seconds.append(time.perf_counter() - began)
    assert sorted(seconds)[len(seconds) // 2] < 0.15
