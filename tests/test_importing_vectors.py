"""Word vectors that people bring: the same from every form, hostile files refused, used as a start and averaged."""

import gzip
import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from sentiment.access import Person, Role, acting_as
from sentiment.cli import main
from sentiment.errors import AccessError, ModelError, UsageError
from sentiment.importing_vectors import import_vectors, remove_vectors
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.folders import describe_origin
from sentiment.models.linear_store import load_linear, save_linear
from sentiment.models.word_vectors import find_vectors, list_vectors, vectors_folder
from sentiment.models.word_vectors.choosing import choose_vectors
from sentiment.training.allowed import check_settings
from sentiment.training.config import FinetuneConfig
from sentiment.training.start import load_start

WORDS = ["the", "Good", "bad", ",", "质量", "很好", "café", "superb", "awful"]
VECTORS = np.random.default_rng(0).normal(0, 0.5, (len(WORDS), 6)).astype(np.float16).astype(np.float32)


def lines(words=WORDS, vectors=VECTORS, end="\n"):
    return [f"{word} {' '.join(map(str, row))}{end}" for word, row in zip(words, vectors.tolist(), strict=True)]


def binary(words=WORDS, vectors=VECTORS, end=b"\n", n=None):
    body = b"".join(w.encode() + b" " + v.tobytes() + end for w, v in zip(words, vectors, strict=True))
    return f"{n or len(words)} {vectors.shape[1]}\n".encode() + body


def npy(vectors=VECTORS, **options):
    file = io.BytesIO()
    np.save(file, vectors, **options)
    return file.getvalue()


def npy_header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + b"\0" * 64


def broken(content):
    return content[:50] + bytes(byte ^ 0xFF for byte in content[50:80]) + content[80:]


def zipped(method=zipfile.ZIP_DEFLATED, **members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


TEXT = "".join(lines()).encode()
HEADER = f"{len(WORDS)} 6\n".encode()
FORMS = {
    "glove.txt": TEXT,
    "glove-windows.txt": "".join(lines(end="\r\n")).encode(),
    "tabs.txt": TEXT.replace(b" ", b"\t"),
    "spaces.txt": "".join(f"{line.replace(' ', '  ', 1).rstrip()}   \n" for line in lines()).encode(),
    "columns.txt": TEXT.replace(b" ", b"   "),
    "marked.txt": b"\xef\xbb\xbf" + TEXT,
    "word2vec.txt": HEADER + TEXT,
    "word2vec-tabs.txt": (HEADER + TEXT).replace(b" ", b"\t"),
    "word2vec-tabs-windows.txt": (HEADER + TEXT).replace(b" ", b"\t").replace(b"\n", b"\r\n"),
    "word2vec-spaces.txt": HEADER + TEXT.replace(b" ", b"  "),
    "word2vec-marked.txt": b"\xef\xbb\xbf" + HEADER + TEXT,
    "word2vec-marked.txt.gz": gzip.compress(b"\xef\xbb\xbf" + HEADER + TEXT),
    "fasttext.vec": HEADER + "".join(lines(end=" \n")).encode(),
    "word2vec.bin": binary(),
    "word2vec-packed.bin": binary(end=b""),
    "glove.txt.gz": gzip.compress(TEXT),
    "word2vec.bin.gz": gzip.compress(binary()),
    "glove.zip": zipped(glove=TEXT),
    "array.npy": npy(),
    "array64.npy": npy(np.asfortranarray(VECTORS.astype(np.float64))),
}


def bring(tmp_path, content, *, name="mine", words=None, file="vectors.txt", **options):
    path = tmp_path / file
    path.write_bytes(content)
    if words is not None:
        (tmp_path / "words.txt").write_bytes(words)
        options["words"] = tmp_path / "words.txt"
    return import_vectors(path, name=name, **options)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same(tmp_path, form):
    words = "\n".join(WORDS).encode() if form.endswith("npy") else None
    store = bring(tmp_path, FORMS[form], file=form, words=words, language="en")
    assert (store.n_words, store.n_numbers, store.language, store.left_out) == (9, 6, "en", 0)
    assert list(store.words()) == ["the", "good", "bad", ",", "质量", "很好", "café", "superb", "awful"]
    np.testing.assert_array_equal(store.vectors(range(9)), VECTORS)
    np.testing.assert_array_equal(store.vectors([7, 0]), VECTORS[[7, 0]])
    assert store.deviation == pytest.approx(VECTORS.std(), rel=1e-4)


def changed(number, line):
    return "".join([*lines()[:number], line, *lines()[number + 1 :]]).encode()


HOSTILE = {
    "a number too few": (changed(3, lines()[3].rsplit(" ", 1)[0] + "\n"), "Line 4 .* has 5 numbers, and not 6"),
    "a word for a number": (changed(3, "x 1 2 3 oh 5 6\n"), "Line 4 .* no number"),
    "no word": (changed(3, " 1 2 3 4 5 6\n"), "Line 4 "),
    "not a number": (changed(3, "x 1 2 nan 4 5 6\n"), "Line 4 .* not finite"),
    "infinite": (changed(3, "x 1 2 inf 4 5 6\n"), "Line 4 .* not finite"),
    "too large": (changed(3, "x 1 2 1e9 4 5 6\n"), "beyond 65\u202f000"),
    "cut off": (TEXT[:-30], "Line 9 "),
    "fewer than it says": (b"99 6\n" + TEXT, "says that it holds 99 words, and holds 9"),
    "more than it says": (b"8 6\n" + TEXT, "says that it holds 8 words, and holds 9"),
    "other size than it says": (b"9 7\n" + TEXT, "Line 2 .* has 6 numbers, and not 7"),
    "huge vectors": (b"9 99999999\n" + TEXT, "2 to 4\u202f096"),
    "many words in binary": (binary(n=10**12), r"holds 1\u202f000\u202f000\u202f000\u202f000 words, and ends"),
    "binary cut off": (binary()[:-9], "ends or is damaged after 8"),
    "binary with more": (binary(n=8), "goes on after the 8 words"),
    "binary not finite": (binary(vectors=np.where(VECTORS > 0.7, np.nan, VECTORS)), "not finite"),
    "a line without an end": (b"x" * 10_000_000, "does not begin with a word"),
    "a table": (b"text,label\ngood film,positive\n", "does not begin with a word"),
    "nothing": (b"", "is empty"),
    "a header alone": (b"0 6\n", "cannot be read"),
    "no UTF-8 at all": (b"\xff\xfe" + TEXT.decode().encode("utf-16-le"), "does not begin|no number|numbers"),
    "an archive of two": (zipped(a=TEXT, b=TEXT), "holds 2 files"),
    "a broken archive": (zipped(a=TEXT)[:-40], "cut off or damaged"),
    "a broken gz": (gzip.compress(TEXT)[:-20], "cut off or damaged"),
    "a gz bomb": (gzip.compress(b"a 0 0 0 0\n" * 4_000_000), "far more than word vectors do"),
    "a zip bomb": (zipped(a=b"a 0 0 0 0\n" * 4_000_000), "far more than word vectors do"),
    "a pickle in an array": (npy(np.array([[{}, {}]], object), allow_pickle=True), "cannot be read|does not say"),
    "an array of whole numbers": (npy(np.ones((9, 6), np.int64)), "array of int64"),
    "a flat array": (npy(np.ones(9, np.float32)), "shape"),
    "fewer words than rows": (npy(np.ones((10, 6), np.float32)), "fewer words"),
    "more words than rows": (npy(np.ones((8, 6), np.float32)), "more words"),
    "a word for a number after a header": (HEADER + changed(0, "the 1 2 oh 4 5 6\n"), "Line 2 .* no number"),
    "no word and many spaces": (changed(3, "   1 2 3 4 5 6\n"), "Line 4 "),
    "a packed array": (gzip.compress(npy()), "is packed.*plain .npy.*Unpack it first"),
    "an array in a zip": (zipped(a=npy()), "is packed.*plain .npy.*Unpack it first"),
    "an array that lies": (npy()[:-50], "cannot be read"),
    "an array whose header ends too soon": (npy_header("{'descr': ("), "cannot be read"),
    "an array whose header has other keys": (npy_header("{'descr': '<f4', 1: 2}"), "cannot be read"),
    "a broken archive of LZMA": (broken(zipped(zipfile.ZIP_LZMA, a=TEXT)), "cut off or damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_cannot_be_right_is_refused_and_leaves_nothing(tmp_path, case):
    content, message = HOSTILE[case]
    words = "\n".join(WORDS).encode() if content.startswith(b"\x93NUMPY") or "array" in case else None
    with pytest.raises(ModelError, match=message) as refused:
        bring(tmp_path, content, words=words)
    assert "allow_pickle" not in str(refused.value)
    assert not vectors_folder().exists() or not list(vectors_folder().iterdir())


def test_an_array_needs_its_words_and_nothing_else_takes_some(tmp_path):
    with pytest.raises(ModelError, match="which row is which word"):
        bring(tmp_path, npy())
    with pytest.raises(ModelError, match="names its words itself"):
        bring(tmp_path, TEXT, words=b"a\n")


def test_an_archive_of_numpy_is_refused_in_words_and_a_mark_is_no_part_of_the_first_word(tmp_path):
    archive = io.BytesIO()
    np.savez(archive, VECTORS)
    for words in (None, "\n".join(WORDS).encode()):
        with pytest.raises(ModelError, match="is packed.*plain .npy"):
            bring(tmp_path, archive.getvalue(), words=words, file="a.npz")
    store = bring(tmp_path, npy(), words=b"\xef\xbb\xbf" + "\n".join(WORDS).encode())
    assert next(iter(store.words())) == "the"


@pytest.mark.parametrize("n_numbers", [2, 3, 25, 300])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_bytes_of_floats_are_never_taken_for_text(tmp_path, n_numbers, end):
    rng = np.random.default_rng(n_numbers)
    for number in range(40):
        vectors = rng.normal(0, 0.5, (5, n_numbers)).astype(np.float16).astype(np.float32)
        store = bring(tmp_path, binary(WORDS[:5], vectors, end=end), name=f"v{number}")
        np.testing.assert_array_equal(store.vectors(range(5)), vectors)


def test_words_that_no_text_has_are_left_out_and_the_first_of_two_counts(tmp_path):
    words = ["the", "at name@x.y", ". . .", "good", "good", "GOOD"]
    content = "".join(lines(words, VECTORS[:6])).encode() + b"\xff\xfe 1 2 3 4 5 6\n"
    store = bring(tmp_path, content)
    assert (store.n_words, store.left_out, store.repeated) == (4, 3, 1)
    (row,) = store.rows_of({"good"}).values()
    np.testing.assert_array_equal(store.vectors([row]), VECTORS[[3]])


@pytest.mark.parametrize("name", ["", "../up", "A", "x" * 61, ".hidden"])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(ModelError, match="cannot be called"):
        bring(tmp_path, TEXT, name=name)


@pytest.mark.parametrize("role", [Role.NOBODY, Role.VIEWER, Role.LABELER])
def test_only_an_owner_brings_and_removes(tmp_path, role):
    store = bring(tmp_path, TEXT)
    with acting_as(Person(role)):
        with pytest.raises(AccessError):
            bring(tmp_path, TEXT, name="other")
        with pytest.raises(AccessError):
            remove_vectors("mine")
    assert [one.name for one in list_vectors()] == ["mine"]
    with pytest.raises(ModelError, match="already"):
        bring(tmp_path, TEXT)
    remove_vectors("mine")
    assert not store.folder.exists()
    with pytest.raises(ModelError, match="no word vectors 'mine'"):
        find_vectors("mine")


def test_the_vocabulary_has_the_words_of_the_rows_and_those_in_runs_without_spaces(tmp_path):
    store = bring(tmp_path, TEXT)
    tokenizer, table = choose_vectors(store, ["A good café! zog zog", "质量很好啊"], n_frequent=0)
    tokens = [tokenizer.id_to_token(i) for i in tokenizer.encode("Good zog 质量很好啊").ids]
    assert tokens == ["good", "zog", "质量", "很好", "啊"]
    scale = 0.64 / store.deviation
    np.testing.assert_allclose(table[tokenizer.token_to_id("质量")], VECTORS[4] * scale, rtol=1e-5)
    assert not table[0].any()
    assert tokenizer.token_to_id("superb") is None
    more, _ = choose_vectors(store, ["A good café"], n_frequent=9)
    assert more.token_to_id("superb") is not None


@pytest.mark.parametrize("base", ["scratch-cnn", "scratch-rnn"])
def test_a_network_starts_from_them(tmp_path, base):
    store = bring(tmp_path, TEXT)
    start = load_start(base, classes=("a", "b"), train_texts=["good film", "bad film"], seed=0, vectors="mine")
    table = start.params["encoder"]["embedding"]["embedding"]
    assert start.encoder.embed == 6
    assert start.encoder.vocab_size == len(table) == start.tokenizer.get_vocab_size()
    scale = 0.64 / store.deviation
    np.testing.assert_allclose(table[start.tokenizer.token_to_id("good")], VECTORS[1] * scale, rtol=1e-5)


def test_they_are_averaged_and_the_model_carries_them_along(tmp_path):
    """A model is handed on without the workspace: nothing of the vectors may be missing then."""
    bring(tmp_path, TEXT)
    rows = Rows(["good", "the good", "bad", "the bad"], np.array([1, 1, 0, 0]))
    model = fit_baseline("word-vectors", rows, classes=("no", "yes"), vectors="mine")
    save_linear(tmp_path / "model", model)
    remove_vectors("mine")
    predict = load_linear(tmp_path / "model")
    assert predict(["good , the", "bad"]).argmax(axis=1).tolist() == [1, 0]
    np.testing.assert_array_equal(predict(["a superb"]), model(["a superb"]))


def test_they_go_with_what_has_no_vectors_alone():
    for base in ("scratch-cnn", "scratch-rnn", "word-vectors"):
        check_settings(FinetuneConfig(base=base, vectors="mine"))
    with pytest.raises(UsageError, match="do not go with en-cnn-reviews"):
        check_settings(FinetuneConfig(vectors="mine"))


def test_the_commands_bring_list_use_and_remove(tmp_path, capsys):
    (tmp_path / "glove.txt").write_bytes(TEXT)
    assert main(["import-vectors", str(tmp_path / "glove.txt"), "--name", "mine", "--language", "en"]) == 0
    assert "9 words, each with 6 numbers" in capsys.readouterr().out
    assert main(["vectors"]) == 0
    assert "mine" in capsys.readouterr().out
    rows = [f"{'good' if i % 2 else 'bad'} film {i},{'up' if i % 2 else 'down'}" for i in range(40)]
    (tmp_path / "rows.csv").write_text("\n".join(["text,label", *rows]))
    command = ["finetune", str(tmp_path / "rows.csv"), "--text", "text", "--label", "label"]
    assert main([*command, "--base", "word-vectors", "--vectors", "mine", "--out", str(tmp_path / "run")]) == 0
    assert main([*command, "--base", "word-vectors", "--vectors", "none", "--out", str(tmp_path / "run2")]) == 2
    assert "There are no word vectors 'none'" in capsys.readouterr().err
    assert main(["remove", "vectors", "mine"]) == 0
    assert main(["remove", "vectors", "mine"]) == 2


@pytest.mark.slow
def test_a_large_file_takes_little_memory(tmp_path):
    """200 MB of text, and 100 MB more than the libraries alone take is too much."""
    row = " " + " ".join(["0.12345"] * 250) + "\n"
    with (tmp_path / "large.txt").open("w") as file:
        for start in range(0, 100_000, 1000):
            file.write("".join(f"w{number}{row}" for number in range(start, start + 1000)))
    code = (
        "import resource, sys; from pathlib import Path\n"
        "import sentiment.importing_vectors as m\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "m.import_vectors(Path(sys.argv[1]), name='large')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "large.txt")], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100_000  # kB
    assert find_vectors("large").n_words == 100_000


def test_a_model_says_that_it_began_with_them():
    origin = describe_origin("scratch-cnn", vectors="mine")
    assert origin["licences"] == {"the word vectors mine": "not stated"}
    assert describe_origin("scratch-cnn") == {}
