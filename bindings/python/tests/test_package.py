"""The package as it is installed: version, imports, loading, memory."""

import os
import re
import resource
import shutil
import subprocess
import sys

import pytest
import stepsize as st
from stepsize._foreign import abi, library
from support import REPOSITORY


def python(code, **environment):
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, cwd="/"
    )
    return run.returncode, run.stdout + run.stderr


def test_one_version_everywhere():
    swift = (REPOSITORY / "Sources/Stepsize/Version.swift").read_text()
    numbers = dict(re.findall(r"let (major|minor|patch|abi) = (\d+)", swift))
    version = "{major}.{minor}.{patch}".format(**numbers)
    project = (REPOSITORY / "bindings/python/pyproject.toml").read_text()
    assert re.search(r'^version = "(.*?)"', project, re.M)[1] == version == st.__version__
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


def test_signatures_are_complete():
    symbols = (REPOSITORY / "Tests/abi/symbols.txt").read_text().split()
    assert sorted(abi.SIGNATURES) == sorted(symbols)
    for name in symbols:
        assert getattr(library.library, name).argtypes == abi.SIGNATURES[name][1]


# ---- Loading --------------------------------------------------------------------------------------------


def test_a_library_may_be_named(tmp_path):
    copy = shutil.copy(library.PACKAGED, tmp_path / "other.so")
    code = "import stepsize; print(stepsize._foreign.library.library._name, stepsize.Linear(4).at(1))"
    assert python(code, STEPSIZE_LIBRARY=str(copy)) == (0, f"{copy} 0.75\n")


def test_a_library_that_is_not_there():
    status, output = python("import stepsize", STEPSIZE_LIBRARY="/nowhere/libstepsize.so")
    assert status != 0
    for part in ("ImportError", "Tried:", "/nowhere/libstepsize.so (STEPSIZE_LIBRARY)", "Likely causes:"):
        assert part in output


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
        ("int stepsize_abi_version(void) { return 999; }", "interface number 999, this package needs 1"),
        ("int stepsize_abi_version(void) { return 1; }", "older than this package"),
        ("int other(void) { return 1; }", "is not libstepsize"),
    ],
)
def test_another_library(compile_library, code, part):
    status, output = python("import stepsize", STEPSIZE_LIBRARY=compile_library(code))
    assert status != 0 and "ImportError" in output and part in output


# ---- Memory ---------------------------------------------------------------------------------------------


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def refused():
    try:
        st.parse("linear(5) >> cosin(5)")
    except st.StepsizeError:
        pass


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
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
    for _ in range(5_000):
        make()
    before = resident()
    for _ in range(100_000):
        make()
    # One leaked object of the smallest kind would make it more than 3 MB.
    assert resident() - before < 1_500_000


def test_submodules_come_when_they_are_asked_for():
    program = """
import sys, stepsize
assert not any(name.startswith("stepsize.peers") for name in sys.modules)
assert stepsize.peers.pytorch.StepLR(1.0, 10).at(10) == 0.1
assert stepsize.catalogue.entries()[0].name == "constant"
for name in ("nothing", "peers.nothing"):
    try:
        eval(f"stepsize.{name}")
    except AttributeError:
        continue
    raise SystemExit(name)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
