"""Base models of the Hugging Face Hub: fetched once, our files alone; whatever is not ours is refused by its name."""

import os
import subprocess
import sys

import pytest

from sentiment.models.hub import hub_folder, is_hub_name
from sentiment.models.registry import SHIPPED
from tests.models.hub_server import SHA, hub

NAMES = ("config.json", "weights.safetensors", "tokenizer.json", "README.md")
OURS = {name: (SHIPPED / "en-cnn-news" / name).read_bytes() for name in NAMES}
MORE = {**OURS, "pytorch_model.bin": b"\x80\x04.", "run.py": b"print(1)"}
BERT = {"config.json": b'{"model_type": "bert", "architectures": ["BertModel"]}', "vocab.txt": b"a"}
SAFE_BERT = {**BERT, "weights.safetensors": b"x", "model.safetensors": b"x"}
ODD = {"config.json": b'{"architectures": {"encoder": "BertModel"}}', "weights.safetensors": b"x"}
CODE = """
import sys
from sentiment.errors import SentimentError
from sentiment.models.folders import model_folder
try:
    folder = model_folder(sys.argv[1])
    assert model_folder(sys.argv[1]) == folder
    print("\\n".join([str(folder), *sorted(file.name for file in folder.iterdir())]))
except SentimentError as error:
    print("refused:", error)
"""


@pytest.fixture
def ask(tmp_path):
    """Asks for a model in a process of its own, as the library reads its environment once."""

    def fetch(name, **environment):
        values = {**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1", **environment}
        values.pop("HF_TOKEN", None)
        done = subprocess.run(
            [sys.executable, "-c", CODE, name], env=values, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout.split("\n")

    return fetch


@pytest.mark.slow
def test_a_model_is_fetched_with_our_files_alone_and_found_again_without_a_network(ask):
    with hub({"shop/ours": MORE}) as (address, asked):
        folder, *files = ask("hf:shop/ours", HF_ENDPOINT=address)
        assert sorted(filter(None, files)) == sorted(NAMES)
        assert f"models--shop--ours/snapshots/{SHA}" in folder
        assert asked.count("api/models/shop/ours") == 1
        assert not [path for path in asked if path.endswith((".bin", ".py"))]
    assert ask("hf:shop/ours", HF_ENDPOINT=address)[0] == folder  # nobody answers there any more
    assert ask("hf:shop/ours", HF_HUB_OFFLINE="1")[0] == folder
    assert ask(f"hf:shop/ours@{SHA}", HF_HUB_OFFLINE="1")[0] == folder


@pytest.mark.slow
def test_what_is_not_ours_is_refused_by_its_name(ask):
    large = {**OURS, "config.json": b" " * 5_000_000}
    with hub({"a/bert": BERT, "a/safe": SAFE_BERT, "a/odd": ODD, "a/large": large, "a/ours": OURS}) as (address, asked):
        for name, message in {
            "hf:a/bert": "a/bert holds no model of Sentiment Studio: it has no weights.safetensors (it has config.json",
            "hf:a/safe": "a/safe holds no model of Sentiment Studio but BertModel",
            "hf:a/odd": "a/odd holds no model of Sentiment Studio but {'encoder'",
            "hf:a/large": "config.json of a/large has 5\u202f000\u202f000 bytes",
            "hf:a/none": "There is no model a/none on the Hub",
            "hf:a/ours@v9": "a/ours has no revision v9",
        }.items():
            (line, *_) = ask(name, HF_ENDPOINT=address)
            assert message in line.removeprefix("refused: ")
        assert not [path for path in asked if "resolve" in path and "safe" not in path and "odd" not in path]


@pytest.mark.slow
def test_without_a_network_it_is_said_what_to_do(ask):
    for environment in ({"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}):
        (line, *_) = ask("hf:shop/ours", **environment)
        assert line.startswith("refused: shop/ours cannot be fetched")
        assert "use a package (.zip)" in line


def test_a_snapshot_that_looks_like_one_is_enough(ask, tmp_path):
    """As somebody copies it to a machine without a network."""
    cache = tmp_path / "hf" / "hub" / "models--shop--ours"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text(SHA)
    (cache / "snapshots" / SHA).mkdir(parents=True)
    for name, content in OURS.items():
        (cache / "snapshots" / SHA / name).write_bytes(content)
    assert ask("hf:shop/ours", HF_HUB_OFFLINE="1")[0] == str(cache / "snapshots" / SHA)


@pytest.mark.parametrize("name", ["hf:", "hf:bert", "hf:../x", "hf:a/b/c", "hf:a/b@", "hf:a/..", "hf:a/b@../c"])
def test_a_name_that_is_none_is_refused_at_once(name):
    assert is_hub_name(name)
    with pytest.raises(Exception, match="no name of the Hub"):
        hub_folder(name)
