"""Packages: what went in comes out, bit for bit; whatever a stranger put in is refused before it is unpacked."""

import io
import os
import shutil
import stat
import struct
import zipfile

import pytest

from sentiment.errors import ModelError
from sentiment.models.folders import model_folder
from sentiment.models.package import MEMBERS, _copy, open_package, package_bytes

GOOD = {
    "README.md": b"# A card",
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "weights.safetensors": bytes(range(256)) * 9,
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTIMENT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "packages"


@pytest.fixture
def package(tmp_path):
    path = tmp_path / "shop.zip"
    path.write_bytes(package_bytes(GOOD))
    return path


def written(path, members, **options):
    """A zip with these (name or ZipInfo, content) pairs."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def unpacked(cache):
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def test_the_members_come_out_as_they_went_in(package):
    folder = open_package(package)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == GOOD
    assert model_folder(package) == folder
    assert folder.name.startswith("shop-")


def test_the_same_members_in_any_order_give_the_same_bytes():
    assert package_bytes(GOOD) == package_bytes(dict(reversed(GOOD.items())))


def test_a_package_is_unpacked_once_and_again_when_its_content_changes(package):
    first = open_package(package)
    mark = first / "config.json"
    before = mark.stat().st_mtime_ns
    assert open_package(package) == first
    assert mark.stat().st_mtime_ns == before
    package.write_bytes(package_bytes({**GOOD, "config.json": b'{"other": 1}'}))
    second = open_package(package)
    assert second != first
    assert (second / "config.json").read_bytes() == b'{"other": 1}'


def test_only_the_packages_opened_last_stay_unpacked(tmp_path, cache):
    for number in range(12):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(package_bytes({**GOOD, "config.json": str(number).encode()}))
        os.utime(open_package(path), (number, number))
    assert {name.split("-")[0] for name in unpacked(cache)} == {str(n) for n in range(4, 12)}


def link(name):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([*GOOD.items(), ("../evil.py", b"x")], "holds '../evil.py'"),
        ([*GOOD.items(), ("/etc/evil", b"x")], "holds '/etc/evil'"),
        ([*GOOD.items(), ("model/config.json", b"x")], "holds 'model/config.json'"),
        ([*GOOD.items(), ("weights.pkl", b"x")], "holds 'weights.pkl'"),
        ([*GOOD.items(), ("CONFIG.JSON", b"x")], "holds 'CONFIG.JSON'"),
        ([*GOOD.items(), (link("vocabulary.json"), b"/etc/passwd")], "as a link"),
        ([(f"{n}", b"") for n in range(100)], "lists 100 members"),
        ([("config.json", b"{}")], "has no weights.safetensors"),
        ([("weights.safetensors", b"{}")], "has no config.json"),
    ],
)
def test_members_that_no_package_has_are_refused(tmp_path, cache, members, words):
    path = written(tmp_path / "bad.zip", members)
    with pytest.raises(ModelError, match=words):
        open_package(path)
    assert unpacked(cache) == []
    assert not (tmp_path / "evil.py").exists()


def test_a_member_that_is_there_twice_is_refused(tmp_path, cache):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = written(tmp_path / "bad.zip", [*GOOD.items(), ("config.json", b"[]")])
    with pytest.raises(ModelError, match="more than once"):
        open_package(path)
    assert unpacked(cache) == []


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, cache, monkeypatch):
    monkeypatch.setitem(MEMBERS, "config.json", 10_000)
    path = written(tmp_path / "bomb.zip", [*GOOD.items()][2:] + [("config.json", bytes(10**7))], compression=8)
    assert path.stat().st_size < 50_000
    with pytest.raises(ModelError, match="config.json with 10\u202f000\u202f000 bytes"):
        open_package(path)
    assert unpacked(cache) == []


@pytest.mark.parametrize("announced", [10, 10**6])
def test_a_size_that_lies_is_found_out(tmp_path, cache, announced):
    content = bytearray(written(tmp_path / "lie.zip", [*GOOD.items()], compression=8).read_bytes())
    place = content.index(b"PK\x01\x02")
    while content[place + 46 : place + 57] != b"config.json":
        place = content.index(b"PK\x01\x02", place + 1)
    struct.pack_into("<I", content, place + 24, announced)
    (tmp_path / "lie.zip").write_bytes(content)
    with pytest.raises(ModelError, match=r"lies about the size|damaged"):
        open_package(tmp_path / "lie.zip")
    assert unpacked(cache) == []


def test_a_second_list_of_members_is_refused_before_it_is_read(tmp_path, cache):
    """What zip64 says of the members counts for the library, whatever the list that was checked says."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, *[0] * 8, 1, *[0] * 6) + b"a"
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 9_999, 9_999, 9_999 * len(entry), 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 9_999 * len(entry), 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), 0, 0)
    (tmp_path / "bad.zip").write_bytes(entry * 9_999 + record + locator + end)
    with pytest.raises(ModelError, match="second list of members"):
        open_package(tmp_path / "bad.zip")
    assert unpacked(cache) == []


def test_an_encrypted_member_is_refused(tmp_path, cache):
    content = bytearray(package_bytes(GOOD))
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    (tmp_path / "bad.zip").write_bytes(content)
    with pytest.raises(ModelError, match="encrypted"):
        open_package(tmp_path / "bad.zip")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-30], lambda b: b[: len(b) // 2], lambda b: b"PK\x03\x04" + bytes(99), lambda b: b""]
)
def test_a_file_that_is_cut_off_or_no_zip_is_told(tmp_path, cache, damage):
    (tmp_path / "cut.zip").write_bytes(damage(package_bytes(GOOD)))
    with pytest.raises(ModelError, match=r"cut\.zip is not a zip file|cut off or damaged"):
        open_package(tmp_path / "cut.zip")
    assert unpacked(cache) == []


def test_a_flipped_bit_is_found(package, cache):
    content = bytearray(package.read_bytes())
    content[content.index(bytes(range(200)))] ^= 1
    package.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        open_package(package)
    assert unpacked(cache) == []


def test_a_full_disk_leaves_nothing_behind(package, cache, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ModelError, match="cannot be unpacked"):
        open_package(package)
    assert unpacked(cache) == []


def test_every_truncation_is_an_error_in_words(tmp_path):
    whole = package_bytes({"config.json": b"{}", "weights.safetensors": b"1234"})
    for size in range(len(whole)):
        path = tmp_path / f"{size}.zip"
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError):
            open_package(path)


def test_who_unpacks_the_same_at_the_same_time_leaves_the_first_ones_folder_alone(package, monkeypatch):
    """Whoever was quicker may be reading it already."""
    folders = []

    def copy(*arguments):
        if not folders:
            folders.append(None)
            folders[0] = open_package(package)
            folders.append((folders[0] / "config.json").stat().st_ino)
        _copy(*arguments)

    monkeypatch.setattr("sentiment.models.package._copy", copy)
    folder = open_package(package)
    assert folder == folders[0]
    assert (folder / "config.json").stat().st_ino == folders[1]


def test_a_folder_that_was_half_forgotten_is_unpacked_again(tmp_path, monkeypatch):
    """Whoever removes it may be killed in between."""
    paths = [tmp_path / f"{number}.zip" for number in range(9)]
    for number, path in enumerate(paths):
        path.write_bytes(package_bytes({**GOOD, "config.json": str(number).encode()}))
    for path in paths[:8]:
        os.utime(open_package(path), (0, 0))
    with monkeypatch.context() as interrupted:
        interrupted.setattr(
            shutil, "rmtree", lambda folder, **_: (folder / "weights.safetensors").unlink(missing_ok=True)
        )
        open_package(paths[8])
    assert all((open_package(path) / "weights.safetensors").is_file() for path in paths)


def test_only_the_known_members_are_written():
    with pytest.raises(ValueError, match="other"):
        package_bytes({**GOOD, "other": b""})
    assert zipfile.ZipFile(io.BytesIO(package_bytes(GOOD))).testzip() is None
