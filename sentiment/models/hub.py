"""Base models of the Hugging Face Hub, by name: only the files of one of our packages, and nothing that executes."""

import re
from pathlib import Path

from sentiment.errors import ModelError
from sentiment.files import read_json
from sentiment.models.package import CONFIG, MEMBERS
from sentiment.numbers import number

PREFIX = "hf:"
_NAME = re.compile(r"hf:([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@([A-Za-z0-9][\w.-]{0,99}))?")
_NEEDED = (CONFIG, "weights.safetensors")
_SECONDS = 20  # that the Hub may take to answer
_found: dict[str, Path] = {}  # what this process asked for, and where it is
_EXPECTED = "A repository with the files of a package: config.json, weights.safetensors, tokenizer.json"


def is_hub_name(base: str | Path) -> bool:
    """Whether this names a model of the Hub."""
    return str(base).startswith(PREFIX)


def hub_folder(base: str) -> Path:
    """The model folder behind `hf:OWNER/NAME` or `hf:OWNER/NAME@REVISION`, fetched into the cache if it is not there.

    Where there is no network, or HF_HUB_OFFLINE is set, what was fetched before is taken. HF_ENDPOINT names another
    server than the public one, HF_HOME the cache. A process asks once: whoever trains looks for the base again and
    again, and a branch may move meanwhile.

    Raises:
        ModelError: if there is no such repository, it cannot be reached, or holds no model of ours.
    """
    match = _NAME.fullmatch(base)
    if match is None:
        raise ModelError(f"{base[:120]!r} is no name of the Hub", expected="hf:OWNER/NAME or hf:OWNER/NAME@REVISION")
    repository, revision = match.groups()
    found = _found.get(base)
    if found is None or not (found / CONFIG).is_file():
        found = _fetch(repository, revision)
        _check(found, repository)
        _found[base] = found
    return found


def _fetch(repository: str, revision: str | None) -> Path:
    """The snapshot of a repository, with our files alone."""
    from huggingface_hub import HfApi, constants, snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        if constants.is_offline_mode():
            raise OSError("HF_HUB_OFFLINE is set")
        info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=_SECONDS)
        _check_files(repository, {file.rfilename: file.size for file in info.siblings or ()})
        return Path(snapshot_download(repository, revision=revision, allow_patterns=list(MEMBERS)))
    except ModelError:
        raise
    except RevisionNotFoundError as error:
        raise ModelError(f"{repository} has no revision {revision}") from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"There is no model {repository} on the Hub, or it is private") from error
    except Exception as error:  # the library's HTTP client raises its own, and is another one in other versions
        kept = _fetched_before(repository, revision)
        if kept is None:
            why = str(error).split("\n", 1)[0][:100] or type(error).__name__
            raise ModelError(
                f"{repository} cannot be fetched ({why})",
                expected="A connection to the Hugging Face Hub, or the model in its cache",
                todo="Try again with a connection, or use a package (.zip) of it",
            ) from error
        return kept


def _fetched_before(repository: str, revision: str | None) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        found = snapshot_download(repository, revision=revision, allow_patterns=list(MEMBERS), local_files_only=True)
        return Path(found)
    except (LocalEntryNotFoundError, OSError, ValueError):
        return None


def _check_files(repository: str, sizes: dict[str, int | None]) -> None:
    """Refuses, before anything is fetched, what holds no model of ours or files larger than ours are."""
    for name in _NEEDED:
        if name not in sizes:
            others = ", ".join(sorted(sizes)[:6])[:120]
            raise ModelError(
                f"{repository} holds no model of Sentiment Studio: it has no {name} (it has {others})",
                expected=_EXPECTED,
            )
    for name, size in sizes.items():
        if name in MEMBERS and not 0 < (size or 0) <= MEMBERS[name]:
            raise ModelError(
                f"{name} of {repository} has {number(size or 0)} bytes", expected=f"At most {number(MEMBERS[name])}"
            )


def _check(folder: Path, repository: str) -> None:
    """Refuses a snapshot that holds no model of ours."""
    _check_files(repository, {file.name: file.stat().st_size for file in folder.iterdir() if file.is_file()})
    try:
        config = read_json(folder / CONFIG)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"The config of {repository} cannot be read ({str(error)[:80]})") from error
    if not isinstance(config, dict) or "architecture" not in config or "format" not in config:
        kind = ""
        if isinstance(config, dict):
            named = config.get("architectures") or config.get("model_type") or ""
            kind = str(named[0] if isinstance(named, list) else named)[:60]
        raise ModelError(
            f"{repository} holds no model of Sentiment Studio{f' but {kind}' if kind else ''}", expected=_EXPECTED
        )
