"""What a process that computes does to its memory."""

import gc
import os
import platform
import subprocess
import sys

import pytest

from sentiment.memory import with_few_arenas, with_large_pages, without_collection

PROGRAM = """
import resource, sys
from sentiment.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
def work():
    block = bytearray(48 * 2**20)
    del block
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is glibc's")
def test_memory_that_is_freed_is_not_cleared_again_by_the_kernel():
    def page_faults(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True).stdout)

    assert page_faults("kept") < page_faults("as usual") / 10


def test_large_pages_join_what_the_user_has_set_and_never_overrule_it():
    joined = with_large_pages({"GLIBC_TUNABLES": "glibc.malloc.check=1", "HOME": "/home/ada"})
    assert joined == {"GLIBC_TUNABLES": "glibc.malloc.check=1:glibc.malloc.hugetlb=1", "HOME": "/home/ada"}
    for chosen in (joined, {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"}):
        assert with_large_pages(chosen) == chosen


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the command is left as it is")
def test_a_command_starts_again_with_large_pages_and_keeps_its_arguments():
    program = (
        "import os, sys\n"
        "from sentiment.memory import restart_with_large_pages\n"
        "restart_with_large_pages()\n"
        "print(os.environ['GLIBC_TUNABLES'], *sys.argv[1:])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    command = [sys.executable, "-c", program, "two words", "é"]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.split("\n")[0] == "glibc.malloc.hugetlb=1 two words é"


def test_few_arenas_are_asked_for_unless_somebody_has_chosen():
    assert with_few_arenas({"A": "b"}) == {"A": "b", "MALLOC_ARENA_MAX": "2"}
    assert with_few_arenas({"MALLOC_ARENA_MAX": "8"}) == {"MALLOC_ARENA_MAX": "8"}


def test_garbage_is_collected_again_after_work_without_it_failed_or_not():
    assert gc.isenabled()
    with without_collection(), without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="nought"), without_collection():
        raise ValueError("nought")
    assert gc.isenabled()
