"""The stylesheet and the script of the report, and the policy that lets a browser run these two and nothing else."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from sentiment.palette import ACCENT

_DARK_ACCENT = "#A890EA"
SHADES = 10

_FOLDER = Path(__file__).parent


def script() -> str:
    """The script, as it stands in report.js."""
    return (_FOLDER / "report.js").read_text(encoding="utf-8")


def stylesheet(colours: Sequence[str]) -> str:
    """The stylesheet, with a class `c0`, `c1` … for each colour "#RRGGBB", and `s0` to `s10` for shades."""
    fixed = (_FOLDER / "report.css").read_text(encoding="utf-8")
    fixed = fixed.replace("DARK_ACCENT", _DARK_ACCENT).replace("ACCENT", ACCENT)
    classes = "".join(f".c{i}{{--c:{colour}}}" for i, colour in enumerate(colours))
    shades = "".join(f".s{i}{{--shade:{round(6 + 74 * i / SHADES)}%}}" for i in range(SHADES + 1))
    return f"{fixed}{classes}\n{shades}\n"


def policy(style: str, code: str) -> str:
    """The content security policy under which this style and this script run, and nothing is ever loaded."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(code)}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
