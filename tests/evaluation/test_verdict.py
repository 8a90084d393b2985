"""The sentence says what the numbers say."""

import pandas as pd
import pytest

from sentiment.evaluation import evaluate, verdict


def _report(recalls, support, wrong="positive"):
    labels, predictions = [], []
    for name, recall in recalls.items():
        n = support[name]
        right = round(recall * n)
        labels += [name] * n
        predictions += [name] * right + [wrong if name != wrong else "negative"] * (n - right)
    return evaluate(labels, predictions=predictions, classes=list(recalls), n_resamples=50)


def _comparison(**better):
    sides = [*better.values()]
    table = pd.DataFrame({"class": [*better], "better": sides, "a": 0.8, "b": 0.7})
    table["class"] = table["class"].replace("macro", "macro avg")
    return table


REPORT = _report({"negative": 0.9, "neutral": 0.5, "positive": 0.89}, {"negative": 160, "neutral": 96, "positive": 232})


def test_the_whole_sentence():
    table = _comparison(negative="a", neutral="undecided", positive="a", macro="a")
    assert verdict(REPORT, {"tfidf": table}, n=488, what="reviews") == (
        "On 488 held-out reviews the model is right on 82 % (78 to 85); "
        "it finds 9 of 10 negative reviews and misses half of the neutral ones; "
        "it beats the simple baseline on every class but neutral, where 96 rows can't tell which is better."
    )


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (("a", "a", "a", "a"), "it beats the simple baseline on every class."),
        (("b", "b", "b", "b"), "it loses to the simple baseline on negative, neutral and positive."),
        (("a", "b", "a", "a"), "it beats the simple baseline on negative and positive and loses to it on neutral."),
        (("undecided",) * 4, "whether it is better than the simple baseline, 488 rows can't tell."),
        (("undecided",) * 3 + ("a",), "overall it beats the simple baseline, class by class these rows can't tell."),
        (
            ("a", "undecided", "undecided", "a"),
            "it beats the simple baseline on negative; on neutral and positive, 328 rows can't tell which is better.",
        ),
    ],
)
def test_baseline(sides, said):
    table = _comparison(negative=sides[0], neutral=sides[1], positive=sides[2], macro=sides[3])
    assert verdict(REPORT, {"tfidf": table}, n=488).endswith("; " + said)


def test_the_stronger_baseline_is_the_one_spoken_of():
    weak, strong = (_comparison(negative=side, neutral=side, positive=side, macro=side) for side in ("a", "b"))
    weak["b"], strong["b"] = 0.2, 0.9
    assert "loses to the simple baseline" in verdict(REPORT, {"majority": weak, "tfidf": strong}, n=488)


def test_the_most_frequent_class_alone_is_not_called_a_simple_model():
    table = _comparison(negative="a", neutral="a", positive="a", macro="a")
    said = verdict(REPORT, {"majority": table}, n=488)
    assert "it beats always saying the most frequent class on every class" in said


def test_without_baselines_the_sentence_ends_earlier():
    assert verdict(REPORT, {}, n=488, what="reviews").endswith("misses half of the neutral ones.")


def test_few_rows_get_no_proud_number():
    report = _report({"negative": 1.0, "positive": 1.0}, {"negative": 6, "positive": 6})
    said = verdict(report, {}, n=12, what="reviews")
    assert said == "12 held-out reviews: too few to judge the model by; hold out or label more."
    assert verdict(report, {}, n=1, what="reviews").startswith("1 held-out review:")


def test_classes_with_few_rows_are_not_spoken_of():
    report = _report(
        {"negative": 0.9, "neutral": 0.0, "positive": 0.8}, {"negative": 100, "neutral": 4, "positive": 100}
    )
    said = verdict(report, {}, n=204)
    assert said.endswith("8 of 10 positive ones; neutral has too few rows to tell (4).")
    assert said.count("neutral") == 1


@pytest.mark.parametrize(
    ("recall", "said"),
    [
        (0.0, "misses all 100 negative ones"),
        (0.98, "nearly all"),
        (0.02, "misses nearly all negative ones"),
        (0.34, "misses two thirds of the negative ones"),
        (0.4, "misses 6 of 10 negative ones"),
        (0.75, "8 of 10 negative ones"),
    ],
)
def test_shares_in_words(recall, said):
    report = _report({"negative": recall, "positive": 1.0}, {"negative": 100, "positive": 200})
    assert said in verdict(report, {}, n=300)


def test_all_rows_of_a_class_found():
    report = _report({"negative": 1.0, "positive": 0.995}, {"negative": 100, "positive": 200})
    assert "it finds all 100 negative rows and nearly all positive ones" in verdict(report, {}, n=300)


def test_everything_right_is_100_percent_and_almost_everything_is_not():
    perfect = _report({"negative": 1.0, "positive": 1.0}, {"negative": 500, "positive": 500})
    assert "right on 100 %" in verdict(perfect, {}, n=1000)
    assert "On 1\u202f000 held-out rows" in verdict(perfect, {}, n=1000)
    almost = _report({"negative": 0.998, "positive": 1.0}, {"negative": 500, "positive": 500})
    assert "right on over 99 %" in verdict(almost, {}, n=1000)


def test_odd_class_names_are_quoted_and_long_ones_cut():
    report = _report({"Very <b>bad": 0.9, "x" * 300: 0.8}, {"Very <b>bad": 50, "x" * 300: 50}, wrong="Very <b>bad")
    said = verdict(report, {}, n=100)
    assert "“Very <b>bad”" in said
    assert "x" * 39 + "…" in said
    assert "x" * 40 not in said
