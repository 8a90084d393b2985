"""McNemar's test, beside statsmodels and against every sign of small groups."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as peer

from sentiment.evaluation.mcnemar import mcnemar

COUNTS = st.integers(0, 60)


def _rights(only_a, only_b, both=7, neither=5):
    a = [True] * only_a + [False] * only_b + [True] * both + [False] * neither
    b = [False] * only_a + [True] * only_b + [True] * both + [False] * neither
    return np.array(a), np.array(b)


@given(COUNTS, COUNTS)
def test_the_exact_p_value_is_statsmodels(only_a, only_b):
    found = mcnemar(*_rights(only_a, only_b))
    assert (found.only_a, found.only_b) == (only_a, only_b)
    assert found.exact == pytest.approx(min(1.0, peer([[7, only_a], [only_b, 5]], exact=True).pvalue), abs=1e-12)


@given(COUNTS, COUNTS)
def test_the_mid_p_value_is_the_exact_one_less_half_the_chance_of_what_was_seen(only_a, only_b):
    n, fewer = only_a + only_b, min(only_a, only_b)
    just_this = stats.binom.pmf(fewer, n, 0.5)  # Fagerland et al. 2013
    expected = 1 - just_this / 2 if only_a == only_b else 2 * stats.binom.cdf(fewer, n, 0.5) - just_this
    if n == 0:
        expected = 1.0
    assert mcnemar(*_rights(only_a, only_b)).mid_p == pytest.approx(expected, abs=1e-12)


def test_many_rows_are_quick_and_agree_with_the_normal_approximation():
    found = mcnemar(*_rights(30_500, 30_000))
    assert found.exact == pytest.approx(peer([[7, 30_500], [30_000, 5]], exact=False, correction=True).pvalue, abs=2e-3)


def test_groups_change_their_sign_as_a_whole():
    rng = np.random.default_rng(4)
    groups = rng.integers(0, 9, 40)
    a, b = rng.random(40) < 0.7, rng.random(40) < 0.5
    sums = np.bincount(groups, weights=a.astype(int) - b)
    drawn = np.array([abs(np.dot(signs, sums)) for signs in product((-1, 1), repeat=len(sums))])
    seen = abs(sums.sum())
    found = mcnemar(a, b, groups=groups.tolist())
    assert found.grouped
    assert found.exact == pytest.approx((drawn >= seen).mean())
    assert found.mid_p == pytest.approx((drawn > seen).mean() + (drawn == seen).mean() / 2)


def test_rows_that_repeat_each_other_prove_no_more_than_one():
    a, b = _rights(12, 0)
    assert mcnemar(a, b).exact < 0.001
    assert mcnemar(a, b, groups=["one"] * 12 + [str(i) for i in range(12)]).exact == 1.0


def test_models_that_never_differ_are_level():
    assert mcnemar([True, False], [True, False]).exact == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 4])
def test_level_models_are_told_apart_about_once_in_twenty(size):
    """By row and in groups: the mid-p value is below 0.05 in about 5 % of the draws."""
    rng = np.random.default_rng(0)
    n, below = 240, 0
    for _ in range(2_000):
        groups = np.repeat(np.arange(n // size), size)
        shared = rng.normal(size=n // size)[groups] if size > 1 else 0.0
        sides = rng.normal(size=n) + shared > 0
        differ = rng.random(n) < 0.3
        a, b = differ & sides, differ & ~sides
        below += mcnemar(a, b, groups=groups.tolist() if size > 1 else None).mid_p < 0.05
    assert 0.035 < below / 2_000 < 0.065
