#!/usr/bin/env python3
"""The tests, on the libraries that are shipped: stages that run side by side, one more than there are cores, since some
wait for a browser, a network or a disk.

    test.py            everything                                         (make test)
    test.py --quick    lint, build, core tests of all three languages     (make check)
    test.py STAGE...   these, and what they need
    test.py --repeat   the tests with several processes or threads, 20 times each

It stops at the first failure and shows what the failed stage printed; else a line for each stage, with its seconds and
its processor time, and the summary. The whole output of each stage is in build/logs. The Python that runs this is the
one that the tests use; what is not installed there is skipped.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build/logs"
TESTS = ROOT / "bindings/python/tests"

# The stepping of the ctypes path: the tests that the accelerated module passes, too.
BOTH_PATHS = [
    "stepper", "scheduler", "torch", "torch_groups", "torch_lr_scheduler", "torch_dropin_lives", "plateau", "record",
]  # fmt: skip
QUICK = [
    "catalogue", "controllers", "errors", "extend", "golden", "golden_controllers", "greedy", "layers", "learned",
    "phases", "record", "schedule", "scheduler", "scheduler_extend", "state", "stepper", "structure", "textual",
    "trace",
]  # fmt: skip
# Thousands of short tests that need nothing of pytest's log capture, which takes as long as they do.
MANY = sorted(path.stem.removeprefix("test_") for path in TESTS.glob("test_peers_*.py")) + ["golden", "theory"]
# Three quarters of the time of the Swift tests.
LONG_IN_SWIFT = [
    "ParserTests/testMutations", "ParserTests/testLongSequences", "CatalogueTests", "AlgebraTests/testNodeCount",
    "UpdateTests", "MedianFilterTests", "DecimalTests/testRoundTrip", "AgentStateTests", "TrainerTests",
    "PlanTests/testRandomPlans", "GoldenTests/testTextsRoundTrip",
]  # fmt: skip


@dataclass
class Stage:
    name: str
    commands: list[str]
    after: tuple[str, ...] = ()
    # Where these run as well, they come first: it uses what they have compiled.
    follows: tuple[str, ...] = ()
    # Python's, which are installed in the same run where --install is given.
    needs_packages: bool = True
    in_quick: bool = False
    # What it does when --quick is given, where that is less.
    quick_commands: list[str] = field(default_factory=list)


def pytest(*words: str, environment: str = "") -> str:
    """On the installed wheel, from another folder, so that nothing of the sources is imported. Of the plugins that are
    installed only the one that is used: the others take a fifth of the time of short tests."""
    words = ("-q", "--disable-plugin-autoload", "-p _hypothesis_pytestplugin", "-p no:cacheprovider", *words)
    return f'(cd "${{TMPDIR:-/tmp}}" && {environment} "$PYTHON" -m pytest {" ".join(words)})'


def files(names: list[str]) -> str:
    return " ".join(str(TESTS / f"test_{name}.py") for name in names)


def repeated(count: int) -> list[Stage]:
    """What depends on the order in which processes and threads happen to run."""

    def each(name: str, command: str) -> Stage:
        return Stage(f"{name}, {count} times", [f"for _ in $(seq {count}); do {command}; done"], after=("wheel",))

    return [
        each("Python: several processes", pytest("-x", "-m processes", str(TESTS))),
        each("benchmark suites: several processes", pytest("-x", str(ROOT / "Benchmarks/suites/engine"))),
        each("C: several threads and processes", "Tests/run_c_tests.sh parallel"),
    ]


def stages(installs: bool = False) -> list[Stage]:
    """In the order in which they begin, where several could: the longest first."""
    has_torch = installs or find_spec("torch") is not None
    types = "src/stepsize"
    if not has_torch:  # what is made from it has no types then
        types += " --exclude '/(torch/|huggingface/|lightning)' --disable-error-code import-not-found"
        types += " --disable-error-code unused-ignore"
    # One by one: some have modules named suite, results and report of their own.
    benchmarks = {"engine": "engine", "logistic": "logistic/test_suite.py"}
    if has_torch:
        benchmarks |= {"learned": "learned/test_suite.py", "rates": "rates"}
    wheel = "build/wheel"
    pip = '"$PYTHON" -m pip --quiet --disable-pip-version-check'
    found = [
        Stage("test packages", ["make --no-print-directory .venv/test"] if installs else [], needs_packages=False),
        Stage("build", ["dev/build_library.sh", "dev/man_pages.py"], in_quick=True, needs_packages=False),
        Stage(
            "Swift tests",
            ["dev/swift.sh .build-test test"],
            quick_commands=[f"dev/swift.sh .build-test test --skip '{'|'.join(LONG_IN_SWIFT)}'"],
            needs_packages=False,
        ),
        Stage(
            "wheel",
            [
                f"rm -rf {wheel} && mkdir -p {wheel}",
                f"{pip} wheel --no-deps --no-build-isolation -w {wheel} ./bindings/python",
                f"{pip} install --force-reinstall --no-deps {wheel}/stepsize-*.whl",
                'cmp build/lib/libstepsize.so "$("$PYTHON" -c '
                "'import stepsize._foreign.library as library; print(library.PACKAGED)')\"",
            ],
            after=("build",),
            in_quick=True,
        ),
        Stage("Python: core", [], after=("wheel",), quick_commands=[pytest("-x", files(QUICK))]),
        Stage("Python: frameworks", [pytest("-x", "-m framework", str(TESTS))], after=("wheel",)),
        Stage(
            "Python: the rest",
            [pytest("-x", '-m "not framework"', str(TESTS), *(f"--ignore {name}" for name in files(MANY).split()))],
            after=("wheel",),
        ),
        Stage("the same bits", ["Tests/run_c_tests.sh bits"], after=("build",), needs_packages=False),
        Stage("JavaScript and the explorer", ["Tests/web/run.sh"], after=("wheel",)),
        Stage("Python: peers", [pytest("-x", "-p no:logging", '-m "not framework"', files(MANY))], after=("wheel",)),
        Stage("C tests under valgrind", ["Tests/run_c_tests.sh valgrind"], after=("build",), needs_packages=False),
        Stage(
            "C tests",
            ["Tests/run_c_tests.sh programs interface cpp examples install"],
            after=("build",),
            quick_commands=["Tests/run_c_tests.sh quick"],
        ),
        Stage("documents", ['"$PYTHON" dev/test_docs.py'], after=("wheel",), follows=("JavaScript and the explorer",)),
        Stage(
            "other platforms",
            ["dev/check_portable.sh"],
            follows=("the same bits", "JavaScript and the explorer"),
            needs_packages=False,
        ),
        Stage(
            "Python: without the accelerated module",
            [pytest("-x", '-m "not framework"', files(BOTH_PATHS), environment="STEPSIZE_ACCELERATED=0")],
            after=("wheel",),
        ),
        *(
            Stage(
                f"benchmark suite {name}, on tiny settings",
                [pytest("-x", str(ROOT / "Benchmarks/suites" / tests))],
                after=("wheel",),
            )
            for name, tests in benchmarks.items()
        ),
        Stage("types", [f'cd bindings/python && "$PYTHON" -m mypy --no-error-summary {types}']),
        Stage(
            "lint",
            [
                "swift format lint --strict -r Sources Tests Package.swift",
                '"$PYTHON" -m ruff check --quiet .',
                "dev/check_sources.sh",
                "Tests/make_file.sh",
            ],
            in_quick=True,
        ),
        Stage("bindings", ["Tests/bindings/run.sh"], after=("build",)),
        Stage("packages", ["Tests/packages/deb.sh"], after=("wheel",)),
        Stage("generated files", ["dev/generate.sh --check"], after=("build",)),
        Stage("fuzz corpora", ["Tests/run_c_tests.sh corpus"], after=("build",), needs_packages=False),
        Stage(
            "golden vectors",
            [
                '"$PYTHON" Tests/golden/generate.py --check',
                '"$PYTHON" Tests/golden/controllers.py --check',
                '"$PYTHON" Tests/golden/functions.py --check',
                '"$PYTHON" dev/math_tables.py --check',
            ],
        ),
    ]
    for stage in found:
        if stage.needs_packages:
            stage.after += ("test packages",)
    return found


@dataclass
class Running:
    stage: Stage
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    began: float
    # Of it and of all that it started, once it has ended.
    processor_time: float = 0

    def has_ended(self) -> bool:
        process, status, usage = os.wait4(self.process.pid, os.WNOHANG)
        if process:
            self.process.returncode = os.waitstatus_to_exitcode(status)
            self.processor_time = usage.ru_utime + usage.ru_stime
        return process != 0


def begin(stage: Stage) -> Running:
    log = open(LOGS / f"{stage.name.replace(' ', '-').replace(':', '')}.txt", "wb")
    environment = dict(os.environ)
    environment["PYTHON"] = sys.executable
    # What the source distribution has in common with this checkout is compiled once (dev/make_file.sh).
    environment["STEPSIZE_CACHE"] = str(ROOT / "build/cache")
    environment["PATH"] = f"{os.path.dirname(sys.executable)}{os.pathsep}{environment['PATH']}"
    # The stages are what runs side by side, not the loops within one.
    environment.setdefault("OMP_NUM_THREADS", "1")
    script = "set -euo pipefail\n" + "\n".join(f"( {command} )" for command in stage.commands)
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        env=environment, start_new_session=True,
    )  # fmt: skip
    return Running(stage, process, log, time.monotonic())


def stop(running: list[Running]) -> None:
    for each in running:
        os.killpg(each.process.pid, signal.SIGTERM)
    for each in running:
        each.process.wait()
        each.log.close()


def last_line(log: IO[bytes]) -> str:
    lines = Path(log.name).read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def run(wanted: list[Stage], jobs: int, keeps_going: bool) -> int:
    """The exit status: 0 where all stages passed, else 1."""
    LOGS.mkdir(parents=True, exist_ok=True)
    waiting, running, done, failed = list(wanted), [], set(), []
    names = {stage.name for stage in wanted}
    began = time.monotonic()
    try:
        while waiting or running:
            left = names - done
            ready = (stage for stage in waiting if left.isdisjoint((*stage.after, *stage.follows)))
            if len(running) < jobs and (stage := next(ready, None)):
                waiting.remove(stage)
                running.append(begin(stage))
                continue
            ended = next((each for each in running if each.has_ended()), None)
            if ended is None:
                time.sleep(0.05)
                continue
            running.remove(ended)
            ended.log.close()
            seconds = time.monotonic() - ended.began
            if ended.process.returncode:
                sys.stdout.write(Path(ended.log.name).read_text(encoding="utf-8", errors="replace"))
                print(f"\nFAILED  {ended.stage.name}, exit status {ended.process.returncode}, after {seconds:.0f} s")
                failed.append(ended.stage.name)
                if not keeps_going:
                    return 1
            # What needs a stage that failed is tried, too.
            done.add(ended.stage.name)
            if ended.process.returncode:
                continue
            times = f"{seconds:6.1f} s {ended.processor_time:6.1f} s"
            print(f"{times}  {ended.stage.name:42} {last_line(ended.log)[:100]}", flush=True)
    finally:
        stop(running)
    if failed:
        print(f"FAILED: {', '.join(failed)}")
        return 1
    print(f"passed: {len(done)} stages in {time.monotonic() - began:.0f} s")
    return 0


def chosen(names: list[str], quick: bool, installs: bool, count: int) -> list[Stage]:
    known = {stage.name: stage for stage in stages(installs)}
    if count:
        return [known["build"], known["wheel"], *repeated(count)]
    if quick:
        for stage in known.values():
            stage.commands = stage.quick_commands or stage.commands
        return [stage for stage in known.values() if stage.in_quick or stage.quick_commands]
    if unknown := set(names) - set(known):
        sys.exit(f"test.py: no stage {', '.join(map(repr, unknown))}; there are {', '.join(map(repr, known))}")
    needed = list(names)
    for name in needed:
        needed += [other for other in known[name].after if other not in needed]
    return [stage for stage in known.values() if stage.commands and (not names or stage.name in needed)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the tests.")
    parser.add_argument("stages", nargs="*", metavar="STAGE")
    parser.add_argument("--quick", action="store_true", help="lint, build, and the core tests alone")
    parser.add_argument("--install", action="store_true", help="what is missing in .venv first, beside the builds")
    parser.add_argument("--repeat", type=int, nargs="?", const=20, default=0, metavar="COUNT",
                        help="only the tests with several processes or threads, so many times")  # fmt: skip
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    parser.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1, help="stages at a time")
    arguments = parser.parse_args()
    wanted = chosen(arguments.stages, arguments.quick, arguments.install, arguments.repeat)
    return run(wanted, arguments.jobs, arguments.keep_going)


if __name__ == "__main__":
    sys.exit(main())
