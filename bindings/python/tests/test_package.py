"""The package as it is installed: version, imports, loading, memory."""

import ctypes
import gc
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys

import pytest
import stepsize as st
from stepsize._foreign import abi, abi_learn
from stepsize._foreign import learn as second
from stepsize._foreign import library as first
from support import REPOSITORY


def python(code, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, cwd="/"
    )
    return run.returncode, run.stdout + run.stderr


def test_one_version_everywhere():
    swift = (REPOSITORY / "Sources/StepsizeBase/Version.swift").read_text()
    numbers = dict(re.findall(r"let (major|minor|patch|abi) = (\d+)", swift))
    version = "{major}.{minor}.{patch}".format(**numbers)
    header = (REPOSITORY / "include/stepsize/stepsize.h").read_text()
    assert ".".join(re.findall(r"STEPSIZE_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header)) == version
    assert version == st.__version__ == importlib.metadata.version("stepsize")
    released = (REPOSITORY / "CHANGELOG.md").read_text().partition("\n## ")[2]
    assert released.startswith(version)
    assert int(numbers["abi"]) == abi.STEPSIZE_ABI_VERSION


def test_only_the_standard_library_is_imported():
    status, output = python(
        "import sys; before = set(sys.modules); import stepsize;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)"
    )
    assert (status, output.split()) == (0, ["stepsize"])


def test_slow_modules_of_the_standard_library_are_not_needed():
    site_packages = os.path.dirname(os.path.dirname(st.__file__))
    code = f"""
import sys
sys.path.append({site_packages!r})
import stepsize
print(*{{"typing", "dataclasses", "inspect", "re", "pathlib"}} & set(sys.modules))
"""
    # Without `site`, which runs what other packages have put there.
    run = subprocess.run([sys.executable, "-S", "-I", "-c", code], capture_output=True, text=True)
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr


def test_it_is_typed():
    assert os.path.exists(os.path.join(os.path.dirname(st.__file__), "py.typed"))


@pytest.mark.parametrize(
    "symbols, table, functions",
    [("symbols.txt", abi, first.library), ("symbols_learn.txt", abi_learn, second.learn)],
    ids=["stepsize", "stepsize-learn"],
)
def test_signatures_are_complete(symbols, table, functions):
    names = (REPOSITORY / "Tests/abi" / symbols).read_text().split()
    assert sorted(table.SIGNATURES) == sorted(names)
    for name in names:
        assert getattr(functions, name).argtypes == table.SIGNATURES[name][1]
        assert getattr(functions, name).restype == table.SIGNATURES[name][0]


# ---- Loading --------------------------------------------------------------------------------------------


def test_a_library_may_be_named(tmp_path):
    copy = shutil.copy(first.PACKAGED, tmp_path / "other.so")
    code = "import stepsize; print(stepsize._foreign.library.library._name, stepsize.Linear(4).at(1))"
    assert python(code, STEPSIZE_LIBRARY=str(copy)) == (0, f"{copy} 0.75\n")


def test_a_library_that_is_not_there():
    status, output = python("import stepsize", STEPSIZE_LIBRARY="/nowhere/libstepsize.so")
    assert status != 0
    for part in ("ImportError", "Tried:", "/nowhere/libstepsize.so (STEPSIZE_LIBRARY)", "Likely causes:"):
        assert part in output


# What needs the second library, and what does not.
INFERENCE = "st.Scheduler(0.1, controller=st.Learned('nmf', total=50)).step(1.0)"
LEARNING = ("st.learned.Agent()", "st.StochasticNMF(1, max_iter=1).fit([[1.0, 2.0], [2.0, 4.0]])")
IS_LOADED = """
import stepsize as st
def is_loaded():
    with open("/proc/self/maps") as file:
        return "libstepsize-learn" in file.read()
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="needs Linux")
@pytest.mark.parametrize("learning", LEARNING)
def test_the_second_library_is_loaded_when_it_is_asked_for(learning):
    code = f"""{IS_LOADED}
import stepsize.learned
{INFERENCE}
before = is_loaded()
{learning}
print(before, is_loaded())
"""
    assert python(code) == (0, "False True\n")


@pytest.mark.parametrize("learning", LEARNING)
def test_the_second_library_is_not_there(learning, tmp_path):
    # A copy of the first one alone.
    copy = shutil.copy(first.PACKAGED, tmp_path / "libstepsize.so")
    status, output = python(f"import stepsize as st; {INFERENCE}; {learning}", STEPSIZE_LIBRARY=str(copy))
    assert status != 0
    beside = tmp_path / "libstepsize-learn.so"
    for part in ("ImportError", "libstepsize-learn", f"{beside} (beside STEPSIZE_LIBRARY)", "Likely causes:"):
        assert part in output
    shutil.copy(second.PACKAGED, beside)
    code = f"import stepsize as st; {learning}; print(st._foreign.learn.learn.library._name)"
    assert python(code, STEPSIZE_LIBRARY=str(copy)) == (0, f"{beside}\n")
    status, output = python(f"import stepsize as st; {learning}", STEPSIZE_LEARN_LIBRARY="/nowhere/other.so")
    assert status != 0 and "/nowhere/other.so (STEPSIZE_LEARN_LIBRARY)" in output


@pytest.mark.parametrize(
    "code, part",
    [
        ("int stepsize_learn_abi_version(void) { return 999; }", "interface number 999, this package needs"),
        ("int stepsize_learn_abi_version(void) { return ABI; }", "older than this package"),
        ("int other(void) { return 1; }", "is not libstepsize-learn"),
    ],
)
def test_another_second_library(compile_library, code, part):
    path = compile_library(code.replace("ABI", str(abi.STEPSIZE_ABI_VERSION)))
    status, output = python(f"import stepsize as st; {LEARNING[0]}", STEPSIZE_LEARN_LIBRARY=path)
    assert status != 0 and "ImportError" in output and part in output


@pytest.fixture
def compile_library(tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")

    def compile_library(code):
        path = str(tmp_path / "x.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-xc", "-", "-o", path], input=code, text=True, check=True)
        return path

    return compile_library


@pytest.mark.parametrize(
    "code, part",
    [
        ("int stepsize_abi_version(void) { return 999; }", "interface number 999, this package needs"),
        ("int stepsize_abi_version(void) { return ABI; }", "older than this package"),
        ("int other(void) { return 1; }", "is not libstepsize"),
    ],
)
def test_another_library(compile_library, code, part):
    path = compile_library(code.replace("ABI", str(abi.STEPSIZE_ABI_VERSION)))
    status, output = python("import stepsize", STEPSIZE_LIBRARY=path)
    assert status != 0 and "ImportError" in output and part in output


# ---- Memory ---------------------------------------------------------------------------------------------


class Usage(ctypes.Structure):
    """glibc's `struct mallinfo2`."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


mallinfo2 = getattr(ctypes.CDLL(None), "mallinfo2", None)


def allocated():
    """Bytes that malloc has handed out, and blocks that Python's allocator has."""
    gc.collect()
    usage = mallinfo2()
    return usage.uordblks + usage.hblkhd, sys.getallocatedblocks()


def refused():
    try:
        st.parse("linear(5) >> cosin(5)")
    except st.StepsizeError:
        pass


@pytest.mark.skipif(mallinfo2 is None, reason="needs glibc 2.33")
@pytest.mark.parametrize(
    "make",
    [
        lambda: st.Linear(1000, floor=0.1, phase="x"),
        lambda: st.Warmup(5) >> 0.5 * st.Cosine(7),
        lambda: st.Table([0.5] * 20),
        lambda: st.GreedyLR(min_lr=[0.1, 0.2]),
        lambda: st.Scheduler([0.1, 0.2], "linear(10)", st.GreedyLR()).step(1.0),
        lambda: st.Scheduler(0.1).close(),
        refused,
    ],
    ids=["class", "operators", "table", "controller", "scheduler", "closed", "refused"],
)
def test_nothing_leaks(make):
    mallinfo2.restype = Usage
    for _ in range(1000):
        make()
    before = allocated()
    for _ in range(2000):
        make()
    grown = [after - before for after, before in zip(allocated(), before)]
    # The smallest object takes 32 bytes of malloc's and one block of Python's: one in ten rounds would be seen.
    assert grown[0] < 200 * 32 and grown[1] < 200, grown


def test_submodules_come_when_they_are_asked_for():
    program = """
import sys, stepsize
assert not any(name.startswith("stepsize.peers") for name in sys.modules)
assert stepsize.peers.pytorch.StepLR(1.0, 10).at(10) == 0.1
assert "constant" in [entry.name for entry in stepsize.catalogue.entries()]
for name in ("nothing", "peers.nothing"):
    try:
        eval(f"stepsize.{name}")
    except AttributeError:
        continue
    raise SystemExit(name)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
