"""One rate on all processes: real ones, over gloo on this machine, and over MPI where there is one."""

import functools
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction

import pytest
import stepsize as st
from distributed_worker import OBSERVING, TEXT
from frameworks import EXAMPLES, run, run_with_torchrun
from stepsize.distributed import mean_loss
from support import REPOSITORY

pytestmark = [pytest.mark.framework, pytest.mark.processes]
WORKER = REPOSITORY / "bindings/python/tests/distributed_worker.py"


@functools.cache
def launch(size):
    """All scenarios under gloo: {scenario: what each rank found}."""
    pytest.importorskip("torch")
    with tempfile.TemporaryDirectory() as folder:
        scenarios = ("ddp", "fsdp", "interrupted", "resumed", "states", "losses", "wrongly", "observing")
        output = run(WORKER, size, folder, *scenarios)
    return by_scenario(output, size)


@functools.cache
def launch_mpi(size, scenario):
    return by_scenario(run_mpi(size, WORKER, "mpi", scenario), size)


def run_mpi(size, *script):
    # Beside this Python first: the package index has MPICH and Open MPI, too.
    launcher = shutil.which("mpiexec", path=f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}")
    works = [sys.executable, "-c", "from mpi4py import MPI"]
    if launcher is None or subprocess.run(works, capture_output=True).returncode:
        pytest.skip("needs mpi4py and an MPI: pip install mpi4py mpich")
    done = subprocess.run(
        [launcher, "-n", str(size), sys.executable, *map(str, script)],
        capture_output=True, text=True, timeout=120,
        env={**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
             "OMPI_MCA_rmaps_base_oversubscribe": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_scenario(output, size):
    found = {}
    for line in filter(lambda line: line.startswith("{"), output.splitlines()):
        one = json.loads(line)
        found.setdefault(one["scenario"], {})[one["rank"]] = one
    assert all(sorted(ranks) == list(range(size)) for ranks in found.values())
    return {scenario: [ranks[rank] for rank in range(size)] for scenario, ranks in found.items()}


def run_any(network, size, scenario):
    found = launch(size) if network == "gloo" else launch_mpi(size, scenario)
    return [one["found"] for one in found[scenario]]


class Gathered:
    """A communicator of one process that has what all of them gave."""

    def __init__(self, losses):
        self.losses = losses

    def allgather(self, value):
        return [(loss, value[1]) for loss in self.losses]


def replayed(losses):
    """The rates of one scheduler that is shown the mean of the processes' losses: {rank: [loss of each update]}."""
    scheduler = st.Scheduler([0.1, 0.01], TEXT)
    rates, cuts = [], 0
    for each in zip(*losses):
        rates.append(list(scheduler.lrs))
        scheduler.step(mean_loss(each[0], Gathered(each)))
        cuts += scheduler.decision in ("cut", "raised")
    assert cuts >= 2, "the controller did nothing"
    return rates


@pytest.mark.parametrize("size", [2, 4])
def test_ddp_has_the_same_rates_although_the_losses_differ(size):
    whole = launch(size)["ddp"]
    losses = [one["losses"] for one in whole]
    assert all(one != other for one, other in itertools.combinations(losses, 2))
    expected = replayed(losses)
    assert all(one["rates"] == expected for one in whole)

    # The mean, worked out in exact arithmetic.
    for each in zip(*losses):
        exact = float(sum(map(Fraction, each)) / size)
        assert mean_loss(each[0], Gathered(each)) == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("text", OBSERVING)
@pytest.mark.parametrize("size", [2, 4])
def test_rates_by_the_gradient_are_those_of_one_process_on_all_batches(size, text):
    found = [one["found"] for one in launch(size)["observing"]]
    for kind in ("ddp", "fsdp"):
        rates = found[0][f"{kind} {text}"]
        assert all(one[f"{kind} {text}"] == rates for one in found)  # to the last bit
        assert rates == pytest.approx(found[0][f"alone {text}"], rel=1e-4)
        assert len(set(rates)) > 2


@pytest.mark.parametrize("size", [2, 4])
def test_ddp_interrupted_and_resumed(size):
    """From a checkpoint that rank 0 alone has read: the rates are those of one scheduler that was never interrupted and
    is shown the same losses."""
    first, second = launch(size)["interrupted"], launch(size)["resumed"]
    expected = replayed([before["losses"] + after["losses"] for before, after in zip(first, second)])
    assert all(before["rates"] + after["rates"] == expected for before, after in zip(first, second))


@pytest.mark.parametrize("size", [2, 4])
def test_sharded_weights_change_no_rate(size):
    sharded = launch(size)["fsdp"]
    expected = replayed([one["losses"] for one in sharded])
    assert all(one["rates"] == expected for one in sharded)


@pytest.mark.parametrize("network, size", [("gloo", 2), ("gloo", 4), ("mpi", 2), ("mpi", 4)])
def test_joining_and_restarting(network, size):
    found = run_any(network, size, "states")
    last = size - 1
    for one in found:
        assert one == found[0]
    one = found[0]
    assert one["unequal"] == f"the scheduler of rank {last} differs from that of rank 0"
    assert (one["source"], one["step"], one["chosen"], one["rejoined"]) == (last, 9, 0, 9)
    assert one["misfit"].startswith(f"the state of rank 0 does not fit all schedulers: rank {last}: ")
    assert one["rank"] == f"source = {size}, expected a rank from 0 to {last}"


@pytest.mark.parametrize("network, size", [("gloo", 2), ("gloo", 4), ("mpi", 2), ("mpi", 4)])
def test_means_and_losses_that_are_not_finite(network, size):
    found = run_any(network, size, "losses")
    for one in found:
        assert one == found[0], "a rank has other bits"
    value = {name: float.fromhex(text) for name, text in found[0].items() if name not in ("rates", "none")}
    for policy in ("spread", "skip"):
        assert value[f"plain {policy}"] == pytest.approx(0.1 * (size + 1) / 2, rel=1e-15)
        assert value[f"equal {policy}"] == 0.1
        weights = range(size)
        assert value[f"weighted {policy}"] == pytest.approx(sum(w * w for w in weights) / sum(weights), rel=1e-15)
        assert value[f"ended {policy}"] == 3.0
        assert math.isnan(value[f"nobody {policy}"]) and math.isnan(value[f"inf {policy}"])
        assert value[f"huge {policy}"] == 1.7e308
    assert math.isnan(value["nan spread"])
    assert value["nan skip"] == sum(range(1, size)) / (size - 1)

    # The NaN of one rank is one bad observation on all, and no rate is lost by it.
    rates = {policy: [float.fromhex(text) for text in texts] for policy, texts in found[0]["rates"].items()}
    assert all(math.isfinite(rate) and rate >= 0 for policy in rates for rate in rates[policy])
    assert rates["spread"] != rates["skip"]
    assert "weight=0" in found[0]["none"]


@pytest.mark.parametrize("network, size", [("gloo", 2), ("gloo", 4), ("mpi", 2)])
def test_a_process_that_does_it_wrongly(network, size):
    """All raise, where one of them alone gave no loss: none is left waiting in the exchange."""
    found = run_any(network, size, "wrongly")
    last = size - 1
    assert len({one["missing"] for one in found}) == 1
    assert found[0]["missing"].startswith(f"StepsizeError: loss: rank {last} gave none")
    assert "weight=0" in found[0]["missing"]
    for name, words in (("wrong", "TypeError: loss"), ("weight", "StepsizeError: weight = -3.0")):
        assert found[last][name].startswith(words)
        assert all(f"rank {last}" in one[name] for one in found[:last])
    assert all(one["after"] == found[0]["after"] and one["after"][0] == 0 for one in found)


def test_without_a_process_group():
    pytest.importorskip("torch")
    with pytest.raises(st.StepsizeError, match="init_process_group first, or pass a communicator"):
        mean_loss(1.0)


def test_wrong_arguments():
    class Alone:
        def allgather(self, value):
            return [value]

    assert mean_loss(0.3, Alone()) == 0.3
    with pytest.raises(st.StepsizeError, match="nonfinite = 'drop', expected 'spread' or 'skip'"):
        mean_loss(1.0, Alone(), nonfinite="drop")
    with pytest.raises(st.StepsizeError, match="weight = -1.0, expected a finite number >= 0"):
        mean_loss(1.0, Alone(), weight=-1)
    with pytest.raises(TypeError, match="loss"):
        mean_loss("low", Alone())


@pytest.mark.parametrize("size", [2, 4])
def test_the_example_in_c(size, tmp_path):
    """It ends with 1 where a rank has other bits."""
    places = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    compiler, launcher = shutil.which("mpicc", path=places), shutil.which("mpiexec", path=places)
    library = REPOSITORY / "build/lib"
    if compiler is None or launcher is None:
        pytest.skip("there is no mpicc: pip install mpich")
    if not (library / "libstepsize.so").exists():
        pytest.skip("needs build/lib/libstepsize.so: make lib")
    program = str(tmp_path / "train_mpi")
    subprocess.run(
        [compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", REPOSITORY / "bindings/c/examples/train_mpi.c",
         f"-I{REPOSITORY / 'include'}", f"-L{library}", "-lstepsize", f"-Wl,-rpath,{library}", "-lm", "-o", program],
        check=True,
    )  # fmt: skip
    done = subprocess.run([launcher, "-n", str(size), program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    rate = float(re.fullmatch(rf"{size} processes, rate (\S+), the same on all\n", done.stdout)[1])
    assert 0 < rate < 0.99 * 0.1 * (1 - 60 / 80), "the controller did nothing"


@pytest.mark.parametrize("network", ["gloo", "mpi"])
def test_the_examples_in_python(network):
    pytest.importorskip("torch" if network == "gloo" else "mpi4py")
    pytest.importorskip("sklearn")
    if network == "gloo":
        output = run_with_torchrun(EXAMPLES / "distributed_greedy.py", 2)
    else:
        output = run_mpi(2, EXAMPLES / "mpi_greedy.py")
    words = "2 processes in the same state after (150|200) updates, accuracy 0[.][89][0-9]*"
    assert re.fullmatch(words, output.strip()), output
