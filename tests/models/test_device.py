"""What a process that trains does to its memory."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from sentiment.models.device import keep_freed_memory
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
