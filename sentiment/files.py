"""Small files written so that a reader never sees half of one, and the folder that the product works in."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from sentiment.sealing import check_writable

WORKSPACE = "SENTIMENT_WORKSPACE"


def workspace_folder() -> Path:
    """The folder of this process's workspace, whether or not it is there: what SENTIMENT_WORKSPACE names."""
    return Path(os.environ.get(WORKSPACE) or "workspace").absolute()


def write_atomic(path: Path, content: bytes) -> None:
    """Writes `content` to `path`, whole or not at all.

    The content is flushed to disk under a temporary name in the same folder and then renamed, so a full disk or a
    crash leaves the previous file as it was.

    Raises:
        OSError: if the folder cannot be written or the disk is full; the previous file is untouched.
        AccessError: in demo mode, if it is in the workspace.
    """
    check_writable(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except Exception:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as indented UTF-8 JSON, whole or not at all (see `write_atomic`)."""
    write_atomic(path, (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode())


def read_json(path: Path) -> Any:
    """The value in a JSON file.

    Raises:
        OSError: if there is no such file.
        ValueError: if it is not JSON.
    """
    return json.loads(path.read_text(encoding="utf-8"))
