"""Memory that runs out in the library: under a limit of the address space, in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import stepsize as st

scheduler = st.Scheduler(0.1, st.Linear(4))
text = "table([" + "1, " * 5_000_000 + "1])"
rates = [0.1] * 1_000_000
with open("/proc/self/statm") as file:
    limit = int(file.read().split()[0]) * resource.getpagesize() + 50_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for call in (lambda: st.parse(text), lambda: st.Scheduler(rates, controller=st.GreedyLR())):
    try:
        call()
    except MemoryError as error:
        print(error)
print(scheduler.step(), st.parse("linear(4)").at(2))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc and RLIMIT_AS")
def test_it_is_a_memory_error_and_all_goes_on():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["out of memory", "out of memory", "0.07500000000000001 0.5"]
