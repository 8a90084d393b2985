"""`explain`, word for word."""

import json

from sentiment.cli import main

TEXT = "I don't like it 👍🏽, but 质量很好"


def test_it_says_why_in_the_form_that_scripts_rely_on(tmp_path, capsys):
    file = tmp_path / "why.json"
    assert main(["explain", "en-cnn-reviews", "--text-value", TEXT, "--json", str(file)]) == 0
    found = json.loads(file.read_text(encoding="utf-8"))
    assert list(found) == ["prediction", "probs", "words"]
    assert set(found["probs"]) == {"negative", "neutral", "positive"}
    assert found["prediction"] == max(found["probs"], key=found["probs"].get)
    assert [set(word) for word in found["words"]] == [{"text", "start", "end", "score"}] * len(found["words"])
    assert [word["text"] for word in found["words"]] == [TEXT[word["start"] : word["end"]] for word in found["words"]]
    assert [word["text"] for word in found["words"][:5]] == ["I", "don't", "like", "it", "👍🏽"]
    said = capsys.readouterr().out
    assert said.startswith(found["prediction"])
    assert "don't" in said


def test_a_terminal_is_told_nothing_that_it_would_obey(capsys):
    assert main(["explain", "en-cnn-reviews", "--text-value", "good \x1b[31m\x07 \udcff"]) == 0
    assert not set("\x1b\x07\udcff") & set(capsys.readouterr().out)


def test_mistakes_are_one_line(capsys):
    assert main(["explain", "no-such-run", "--text-value", "x"]) == 2
    assert main(["explain", "en-cnn-reviews"]) == 2
    assert main(["explain", "en-cnn-reviews", "--text-value", "x" * 20_001]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 3
