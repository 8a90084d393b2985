"""What the pages say was measured is what the benchmark's report says."""

import re

import pytest

from sentiment.training.config import IMBALANCE
from sentiment.training.measured import MEASURED, Measured, measured_near


@pytest.mark.parametrize("one", MEASURED, ids=lambda one: f"1:{one.ratio}")
def test_the_figures_are_those_of_the_report(project_folder, one: Measured) -> None:
    report = (project_folder / "benchmarks" / "README.md").read_text(encoding="utf-8")
    parts = [part for part in report.split("\n### ") if re.match(rf"\w+, 1:{one.ratio} ", part)]
    assert len(parts) == 2
    for strategy, shares in (("none", one.without), (one.remedy, one.remedied)):
        lines = [re.search(rf"^\| {strategy} \|.*$", part, re.MULTILINE)[0].split("|") for part in parts]
        found = sorted(float(line[4].split("±")[0]) / 100 for line in lines)
        assert found == pytest.approx(shares)


def test_the_nearest_ratio_is_taken_in_proportion() -> None:
    assert [measured_near(ratio).ratio for ratio in (1, 9, 11, 40, 50, 1e6)] == [5, 5, 20, 20, 100, 100]
    assert all(one.remedy in IMBALANCE for one in MEASURED)
