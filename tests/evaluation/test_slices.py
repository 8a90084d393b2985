"""Slices against the rest: planted ones are found, chance is not, and the statistics are those of the textbooks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from sentiment.evaluation.slices import FEWEST, holm, judge_slices


def judge(right, members, **settings):
    names = pd.DataFrame({"name": [str(i) for i in range(members.shape[1])]})
    return judge_slices(right, members, names=names, **settings)


def test_a_planted_slice_is_found_and_chance_is_not():
    rng = np.random.default_rng(0)
    members = rng.random((2_000, 200)) < rng.uniform(0.02, 0.5, 200)
    right = rng.random(2_000) < np.where(members[:, 7], 0.6, 0.85)
    found = judge(right, members)
    assert found.index[found["finding"] == "worse"].tolist() == [7]
    assert found["difference"][7] == pytest.approx(right[members[:, 7]].mean() - right[~members[:, 7]].mean())
    assert found["difference_high"][7] < 0


def test_hardly_ever_is_a_slice_called_worse_by_chance():
    rng = np.random.default_rng(1)
    wrongly = 0
    for _ in range(100):
        members, right = rng.random((500, 60)) < 0.2, rng.random(500) < 0.8
        wrongly += bool(judge(right, members)["finding"].isin(["worse", "better"]).any())
    assert wrongly <= 11  # 5 % of 100, three standard errors above


@pytest.mark.parametrize("accuracy", [0.9, 0.97])
def test_of_hundreds_of_slices_with_few_mistakes_hardly_ever_is_one_called_worse_by_chance(accuracy):
    rng = np.random.default_rng(5)
    wrongly = 0
    for _ in range(40):
        members = rng.random((2_000, 300)) < rng.uniform(0.01, 0.3, 300)
        found = judge(rng.random(2_000) < accuracy, members)["finding"]
        wrongly += bool(found.isin(["worse", "better"]).any())
    assert wrongly <= 6  # 5 % of 40, three standard errors above


def test_test_and_interval_are_those_of_the_libraries():
    rng = np.random.default_rng(2)
    members, right = rng.random((400, 30)) < 0.3, rng.random(400) < 0.7
    found = judge(right, members)
    for place, line in found.iterrows():
        inside = members[:, place]
        counts, sizes = [right[inside].sum(), right[~inside].sum()], [inside.sum(), (~inside).sum()]
        table = [[counts[0], sizes[0] - counts[0]], [counts[1], sizes[1] - counts[1]]]
        tails = [fisher_exact(table, alternative=tail)[1] for tail in ("less", "greater")]
        assert line["p"] == pytest.approx(min(1.0, 2 * min(tails)))
        low, high = confint_proportions_2indep(counts[0], sizes[0], counts[1], sizes[1], method="newcomb")
        assert (line["difference_low"], line["difference_high"]) == (pytest.approx(low), pytest.approx(high))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_correction_is_that_of_statsmodels(p):
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


def test_what_is_missing_does_not_count_in_the_correction():
    assert holm([0.01, np.nan, 0.04])[[0, 2]].tolist() == [0.02, 0.04]
    assert np.isnan(holm([np.nan])).all()


def test_slices_with_few_rows_are_not_judged():
    members = np.zeros((200, 3), bool)
    members[: FEWEST - 1, 0] = members[:FEWEST, 1] = members[: 200 - FEWEST + 1, 2] = True
    found = judge(np.ones(200, bool), members)
    assert found["finding"].tolist() == ["too few", "can't tell", "too few"]
    assert found["share"].isna().tolist() == [True, False, True]
    assert found["n"].tolist() == [FEWEST - 1, FEWEST, 200 - FEWEST + 1]


def test_rows_of_one_group_count_less():
    rng = np.random.default_rng(3)
    inside, right = rng.random(80) < 0.4, rng.random(80) < 0.75
    rows = judge(np.repeat(right, 5), np.repeat(inside, 5)[:, None])
    grouped = judge(np.repeat(right, 5), np.repeat(inside, 5)[:, None], groups=np.repeat(np.arange(80), 5))
    alone = judge(right, inside[:, None])
    assert grouped["difference"][0] == pytest.approx(rows["difference"][0])
    width = {name: (t["difference_high"] - t["difference_low"])[0] for name, t in
             {"rows": rows, "grouped": grouped, "alone": alone}.items()}  # fmt: skip
    assert width["grouped"] > 1.8 * width["rows"]
    assert width["grouped"] == pytest.approx(width["alone"], rel=0.15)
    assert grouped["p"][0] > rows["p"][0]


def test_sparse_and_dense_are_the_same_and_shapes_are_checked():
    rng = np.random.default_rng(4)
    members, right, groups = rng.random((300, 5)) < 0.3, rng.random(300) < 0.7, rng.integers(0, 60, 300)
    pd.testing.assert_frame_equal(
        judge(right, members, groups=groups), judge(right, sparse.csr_matrix(members), groups=groups)
    )
    with pytest.raises(ValueError, match="shape"):
        judge(right[:10], members)


def test_a_model_that_is_always_right_has_no_worse_slice():
    members = np.zeros((100, 1), bool)
    members[:50] = True
    assert judge(np.ones(100, bool), members)["finding"].tolist() == ["can't tell"]
