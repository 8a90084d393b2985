"""The HTML report of a run with 5,000 held-out rows: how large, how long to make, how long to open without a network.

Usage: python -m benchmarks.report DATA_FOLDER [--rows 5000] [--times 7]

DATA_FOLDER holds amazon_reviews.csv (short sentences), imdb_reviews.parquet (long reviews) and zh_reviews_raw.csv
(Chinese). Predictions are made up; opening is timed in Chromium from the navigation to the first row of the table, in a
fresh page each time. Prints a Markdown table.
"""

import argparse
import datetime
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.transfer import describe_machine
from sentiment.data import propose_columns, read_table
from sentiment.reporting import render_report
from tests.browser.conftest import QUIET, chromium_path
from tests.judged_run import judged_run

FILES = ("amazon_reviews.csv", "imdb_reviews.parquet", "zh_reviews_raw.csv")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_FOLDER")
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--times", type=int, default=7)
    arguments = parser.parse_args()
    print(f"{datetime.date.today()}, {describe_machine()}, {arguments.rows:,} held-out rows\n")
    print("| texts of | characters, mean | MB | seconds to make | seconds to open, median | slowest | requests |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*QUIET, "--no-sandbox"])
        for name in FILES:
            texts = _texts(arguments.data / name, n=arguments.rows)
            run = judged_run(Path(folder) / Path(name).stem, texts)
            began = time.monotonic()
            content = render_report(run)
            made = time.monotonic() - began
            path = Path(folder) / f"{name}.html"
            path.write_bytes(content)
            opened = [_open(browser, path) for _ in range(arguments.times)]
            seconds = [one for one, _ in opened]
            print(
                f"| {name} | {statistics.fmean(map(len, texts)):.0f} | {len(content) / 1e6:.2f} | {made:.1f} | "
                f"{statistics.median(seconds):.2f} | {max(seconds):.2f} | {max(asked for _, asked in opened)} |",
                flush=True,
            )
        browser.close()


def _texts(path: Path, *, n: int) -> list[str]:
    """The first texts of a file, over again where there are too few."""
    frame = read_table(path, name=path.name).frame
    texts = frame[propose_columns(frame).text].dropna().astype("str").tolist()
    return [texts[i % len(texts)] for i in range(n)]


def _open(browser: Browser, path: Path) -> tuple[float, int]:
    """Seconds until the table shows its first row, and requests beside the one for the file."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    began = time.monotonic()
    page.goto(path.as_uri())
    page.locator("#found tr").first.wait_for()
    taken = time.monotonic() - began
    context.close()
    return taken, len(asked) - 1


if __name__ == "__main__":
    main()
