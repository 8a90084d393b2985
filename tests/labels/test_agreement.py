"""Agreement, against published examples and numbers worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from sentiment.labels.agreement import agreement_per_class, cohen_kappa, krippendorff_alpha, pairwise_kappa


def opinions(*people: str) -> pd.DataFrame:
    """A string for each person: a letter for each row, "." where they said nothing."""
    found = [
        (row, f"p{person}", label)
        for person, labels in enumerate(people)
        for row, label in enumerate(labels)
        if label != "."
    ]
    return pd.DataFrame(found, columns=["row", "who", "label"])


def test_krippendorffs_example_of_two_observers_and_nominal_data():
    """Krippendorff 2011, section B: 12 articles, two observers, 5 categories: 0.692."""
    data = opinions("aabbdcccedda", "babbbccceddd")
    assert krippendorff_alpha(data) == pytest.approx(0.692, abs=5e-4)


def test_krippendorffs_example_of_four_observers_with_missing_values():
    """Krippendorff 2011, section C: four observers, 12 units, nominal: 0.743."""
    data = opinions("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
    assert krippendorff_alpha(data) == pytest.approx(0.743, abs=5e-4)


def test_alpha_worked_out_by_hand():
    """Rows aa, ab, bb: o_ab = 1 each way of n = 6, n_a = n_b = 3: alpha = 1 - 5 * 2 / (36 - 18)."""
    assert krippendorff_alpha(opinions("aab", "abb")) == pytest.approx(1 - 5 * 2 / 18)


def test_full_agreement_is_one_and_rows_of_one_person_do_not_matter():
    assert krippendorff_alpha(opinions("ab.a", "abb.")) == 1
    assert krippendorff_alpha(opinions("aab", "abb")) == krippendorff_alpha(opinions("aabab..", "abb..ba"))


@pytest.mark.parametrize("people", [(), ("ab",), ("a.", ".b"), ("aa", "aa")])
def test_alpha_has_no_value_where_nothing_can_be_compared(people):
    assert math.isnan(krippendorff_alpha(opinions(*people)))


def test_cohens_kappa_of_a_textbook_table():
    """20 times both yes, 5 yes and no, 10 no and yes, 15 both no: (0.70 - 0.50) / (1 - 0.50)."""
    first = np.array(["y"] * 25 + ["n"] * 25, dtype=object)
    second = np.array(["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15, dtype=object)
    assert cohen_kappa(first, second) == pytest.approx(0.4)
    assert math.isnan(cohen_kappa(first[:3], first[:3]))


def test_every_pair_with_rows_in_common_has_a_kappa():
    table = pairwise_kappa(opinions("aabb.", "ab.ba", "....a"))
    assert table[["first", "second", "n_rows"]].to_numpy().tolist() == [["p0", "p1", 3], ["p1", "p2", 1]]
    assert table["agreement"].tolist() == pytest.approx([2 / 3, 1])
    assert table["kappa"][0] == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert pairwise_kappa(opinions()).empty


def test_agreement_per_class_worked_out_by_hand():
    """Rows aa, ab, bb, bb: of 3 opinions a, two meet an a; of 5 opinions b, four meet a b."""
    table = agreement_per_class(opinions("aabb", "abbb")).set_index("class")
    assert table["agreement"].to_dict() == pytest.approx({"a": 2 / 3, "b": 4 / 5})
    assert table["n_opinions"].to_dict() == {"a": 3, "b": 5}
    assert table["alpha"]["a"] == pytest.approx(krippendorff_alpha(opinions("aabb", "abbb")))
    assert agreement_per_class(opinions()).empty


def test_it_agrees_with_scikit_learn_on_random_opinions():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(3)
    one, two = (rng.choice(list("abc"), 200).astype(object) for _ in range(2))
    assert cohen_kappa(one, two) == pytest.approx(cohen_kappa_score(list(one), list(two)))
