"""The examples of docs/sharing.md do what they say."""

import re

import numpy as np

import sentiment
from sentiment.models.predictor import load_predictor
from sentiment.packaging import export_onnx
from sentiment.serving.limits import ENDPOINT_LIMITS

TEXTS = [
    "A WONDERFUL little camera, isn’t it?",
    "It broke <br /> after a day; see https://example.com/x",
    "ﬁne",
    "",
    "not good " * 100,
    "完全不行 😡",
]


def examples(project_folder):
    words = (project_folder / "docs" / "sharing.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", words, re.DOTALL)


def test_the_onnx_example_says_what_the_model_says(project_folder, tmp_path, monkeypatch, capsys):
    example = next(code for code in examples(project_folder) if "onnxruntime" in code)
    export_onnx("en-cnn-reviews", tmp_path / "reviews.onnx")
    monkeypatch.chdir(tmp_path)
    space = {}
    exec(example, space)
    model = load_predictor("en-cnn-reviews")
    assert space["classes"] == list(model.classes)
    np.testing.assert_allclose(space["predict"](TEXTS), model(TEXTS), atol=1e-5)
    assert capsys.readouterr().out.splitlines() == [
        "positive A wonderful little camera.",
        "negative It broke after a day.",
    ]


def test_the_three_lines_of_the_package_run(project_folder, monkeypatch):
    example = next(code for code in examples(project_folder) if "reviews.zip" in code)
    monkeypatch.setattr(sentiment, "load", lambda path: {"reviews.zip": load_predictor("en-cnn-news")}[path])
    space = {}
    exec(example, space)
    assert space["probs"].shape == (2, 3)


def test_the_limits_that_are_told_are_those_that_hold(project_folder):
    words = (project_folder / "docs" / "sharing.md").read_text(encoding="utf-8")
    for limit in (
        ENDPOINT_LIMITS.max_texts,
        ENDPOINT_LIMITS.max_text_chars,
        ENDPOINT_LIMITS.max_body_bytes,
        ENDPOINT_LIMITS.max_waiting_texts,
        ENDPOINT_LIMITS.max_waiting_chars,
    ):
        assert f"| {limit:,} |" in words
