"""The benchmark suite of learned rates on tiny settings.

    .venv/bin/python -m pytest -q -p no:cacheprovider Benchmarks/suites/learned/test_suite.py
"""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import agents  # noqa: E402
import factorize  # noqa: E402
import matrices  # noqa: E402
import policies  # noqa: E402
import search  # noqa: E402
import suite  # noqa: E402
from engine.files import read_json  # noqa: E402
from engine.killing import kill_after  # noqa: E402
from engine.pools import Local  # noqa: E402
from engine.progress import Progress  # noqa: E402
from engine.run import run_missing  # noqa: E402
from engine.store import Store  # noqa: E402

TINY = replace(suite.QUICK, profile="tiny", regimes=("alternating",), updates=30, budget=suite.Budget(2, 2, 1, 4, 1),
               seeds=1, test=2, shifted=1, trained=1, held_out=(), curve=10)  # fmt: skip
EVERYONE = (*policies.TUNED, *suite.ABLATIONS, *suite.LEARNERS)
# An agent that has learned nothing yet: the anchor.
UNTRAINED = np.frombuffer(agents.Agent().policy, np.uint8)


def some_policy(name, cap, updates, unit=0.9):
    if name in policies.TUNED:
        return policies.TUNED[name].make(np.full(5, unit), cap, updates)
    if name in agents.TRAINERS:
        return agents.trained(UNTRAINED, cap, updates)
    return policies.learner(name, np.full(policies.learner_size(name), unit), cap, updates)


def test_no_instance_is_in_two_parts():
    digests = [one.digest for part in matrices.PARTS for one in matrices.instances(part)]
    assert len(digests) == sum(matrices.PARTS.values()) == len(set(digests))
    # Not up to a factor either, but for the set that is one by design.
    scaled = {np.round(one.x / one.x.max(), 9).tobytes() for one in matrices.instances("test")}
    for part in ("train", "tune", "larger", "rank", "sparser"):
        for one in matrices.instances(part):
            assert np.round(one.x / one.x.max(), 9).tobytes() not in scaled
    np.testing.assert_array_equal(matrices.instance("scaled", 3).x, 100 * matrices.instance("test", 3).x)


def test_an_instance_follows_from_its_part_and_number():
    first = matrices.instance("tune", 1)
    matrices.instance.cache_clear()
    np.testing.assert_array_equal(first.x, matrices.instance("tune", 1).x)
    assert (first.x >= 0).all() and first.x.any(axis=1).all() and 3 <= first.rank <= 6


@pytest.mark.parametrize("name", EVERYONE)
def test_runs_repeat_and_no_rate_is_above_the_bound(name):
    one = matrices.instance("tune", 0)
    for regime in factorize.REGIMES.values():
        first, second = (factorize.run(one, 1, regime, 40, some_policy(name, regime.cap, 40)) for _ in range(2))
        np.testing.assert_array_equal(first.rates, second.rates)
        assert first.last == second.last
        assert first.rates.max() <= regime.cap
        if regime.bound is not None:
            assert first.past == 0 and not first.failed()


class Greedy(policies.Policy):
    """Asks for far more than the bound."""

    def __init__(self):
        self.seen = []

    def begin(self, run):
        self.model = run.model

    def rate(self, t):
        return 1e6

    def observe(self, t, loss, update):
        self.seen.append((update.w_rate, update.w_bound, update.h_rate, update.h_bound))


def test_the_bound_cuts_what_asks_for_more():
    for name in ("alternating", "joint"):
        # Past the cap of the regime, so that the library's own bound is what is left.
        regime, greedy = replace(factorize.REGIMES[name], cap=np.inf), Greedy()
        factorize.run(matrices.instance("tune", 1), 0, regime, 40, greedy)
        seen = np.array(greedy.seen)
        assert (seen[:, 0] <= seen[:, 1]).all() and (seen[:, 2] <= seen[:, 3]).all()
    outcome = factorize.run(matrices.instance("tune", 1), 0, factorize.REGIMES["past"], 40, Greedy())
    assert outcome.rates.max() == factorize.REGIMES["past"].cap and outcome.past == 1


def test_scale_changes_nothing():
    """Scores of an instance times 4, whose trajectories are the same bits."""
    one = matrices.instance("tune", 2)
    other = replace(one, x=4 * one.x)
    for name in ("GreedyLR", "feedback", "constant"):
        regime = factorize.REGIMES["joint"]
        first, second = (factorize.run(x, 0, regime, 60, some_policy(name, 1, 60)) for x in (one, other))
        np.testing.assert_array_equal(first.rates, second.rates)
        assert second.last == 16 * first.last


def test_batches_are_a_permutation_for_each_pass():
    one = matrices.instance("tune", 3)
    run = factorize.Run(one, 0, factorize.REGIMES["alternating"], 40, None)
    model = factorize.REGIMES["alternating"].model(one, 0)
    batches = run.batches()
    for start in (0, model.batches):
        whole = np.concatenate(batches[start : start + model.batches])
        assert sorted(whole) == list(range(len(one.x)))
    # They are those of the updates: the loss of these rows is the one that the update reports.
    for rows in batches:
        w, h = model.factors()
        update = model.step(0.3)
        assert update.loss == pytest.approx(np.sum((one.x[rows] - w[rows] @ h) ** 2) / 2, rel=1e-9)


def test_the_line_search_pays_for_its_trials():
    one = matrices.instance("tune", 0)
    search_ = policies.LineSearch(40.0, 0.1, 0.5, 1.5)
    outcome = factorize.run(one, 0, factorize.REGIMES["past"], 40, search_)
    assert outcome.work == 2 * 40 + search_.work and search_.work > 40 + 2
    plain = factorize.run(one, 0, factorize.REGIMES["past"], 40, policies.Fixed(np.full(40, 1.0)))
    assert plain.work == 2 * 40


def test_a_policy_that_sees_the_time_alone_ignores_losses():
    weights = np.array([0.1, -0.4])
    rates = []
    for scale in (1.0, 7.0):
        policy = policies.Linear(weights, 0.0, 40, 100, blind=True)
        for t in range(60):
            policy.observe(t, scale * (t % 7 + 1), None)
        rates.append(policy.rate(60))
    assert rates[0] == rates[1] == pytest.approx(np.exp(sum(0.1 - 0.4 * t / 100 for t in range(10, 70, 10))))
    seeing = policies.Linear(np.array([0, 0, 1.0, 0, 0, 0]), 0.0, 40, 100)
    for t in range(20):
        seeing.observe(t, 1.0 if t < 10 else 0.8, None)
    assert seeing.rate(20) == pytest.approx(0.8)


def test_every_contestant_has_the_same_number_of_episodes():
    counts = []

    def bowl(values, generation=0):
        counts.append(1)
        return float(np.sum((values - 0.3) ** 2))

    budget = suite.FULL.budget
    found = search.tune(bowl, 3, budget.candidates, budget.tune)
    assert found.episodes == len(counts) * budget.tune == budget.episodes and found.score < 0.05
    counts.clear()
    trained = search.cross_entropy(bowl, np.ones(3), np.ones(3), budget.generations, budget.population, budget.train, 1)
    assert trained.episodes == len(counts) * budget.train == budget.episodes
    assert np.abs(trained.values - 0.3).max() < 0.2


def test_the_agent_plays_as_it_was_trained():
    """Its controller in a scheduler has the rates of the same policy in an episode."""
    agent = agents.Agent(seed=3, population=4, instances=1)
    for generation in range(2):
        for _ in range(agent.episodes_left):
            agent.begin_episode(60)
            for t in range(60):
                agent.observe(1 / (t + 1 + 0.1 * (t % 3)))
            agent.end_step(float(generation))
            agent.end_episode()
        agent.update()
    values, one, regime = np.frombuffer(agent.policy, np.uint8), matrices.instance("tune", 0), factorize.REGIMES["past"]
    deployed = factorize.run(one, 0, regime, 60, agents.trained(values.astype(float), regime.cap, 60))
    agent.begin_episode(60, explore=False)
    played = factorize.run(one, 0, regime, 60, agents.Training(agent, agents.anchor(regime.cap)))
    np.testing.assert_allclose(deployed.rates, played.rates, rtol=1e-12)
    assert len(set(deployed.rates)) > 1


def test_rewards_add_up_to_the_fall_of_the_loss():
    """Those of the decisions; the last one comes after the last update."""

    class Recorder:
        def __init__(self, agent):
            self.agent, self.rewards, self.seen = agent, [], 0

        def observe(self, loss):
            self.seen += 1
            return self.agent.observe(loss)

        def end_step(self, reward):
            self.rewards.append((self.seen, reward))
            self.agent.end_step(reward)

        def __getattr__(self, name):
            return getattr(self.agent, name)

    one, regime = matrices.instance("train", 0), factorize.REGIMES["alternating"]
    agent = Recorder(agents.Agent("ppo", seed=1, population=4, instances=1))
    agent.begin_episode(60)
    training = agents.Training(agent, 0.5, steps=True)
    outcome = factorize.run(one, 0, regime, 60, training)
    assert training.end(np.log(outcome.last)) == pytest.approx(np.log(outcome.first / outcome.last), rel=1e-12)
    # Known before the decision that follows: after 9, 19 ... observations, and at the end.
    assert [seen for seen, _ in agent.rewards] == [9, 19, 29, 39, 49, 60]


def test_ppo_has_as_many_runs_as_the_cross_entropy_method():
    budget = suite.Budget(16, 16, 2, 16, 8)
    for name in agents.TRAINERS:
        played = []
        found = agents.train(name, lambda number, policy: played.append(number) or (0.0, 0.0), 1.0, 20, budget, 0)
        assert found.episodes == len(played) == budget.episodes
        assert len(set(played)) == (16 if name == agents.CEM else 256)


def test_the_shipped_policy_of_networks_is_better_than_its_anchors():
    shipped = pytest.importorskip("shipped")
    gains = []
    for number in range(20):
        one = shipped.instance(shipped.HELD_OUT + 20_000 + number)
        policy = policies.Controlled(one.base, policies.stepsize.Learned("mlp", total=one.updates))
        anchor = policies.scheduled(one.base, "constant()", one.updates)
        gains.append(shipped.played(one, anchor) - shipped.played(one, policy))
    assert np.mean(gains) > 1.96 * np.std(gains) / np.sqrt(len(gains))


class Quiet(Progress):
    def done(self, name, cost):
        pass


def test_numbers_do_not_depend_on_who_imports_the_suite():
    """The largest matrices are products for which BLAS would take a thread for each core."""
    program = f"""
import sys, numpy; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
import suite
print(suite.matrices.digest("larger", 3))
"""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    without = {name: value for name, value in os.environ.items() if name not in threads}
    command = [sys.executable, "-c", program]
    found = {
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for environment in (without, {**without, **dict.fromkeys(threads, "1")})
    }
    assert found == {matrices.digest("larger", 3) + "\n"}


def test_a_killed_run_goes_on_to_the_same_results(tmp_path):
    program = f"""
import sys; sys.path.insert(0, {str(HERE)!r})
import test_suite, pathlib
test_suite.run_tiny(pathlib.Path(sys.argv[1]))
"""
    whole, cells = run_tiny(tmp_path / "whole.sqlite")
    path = tmp_path / "broken.sqlite"
    process = subprocess.Popen([sys.executable, "-c", program, str(path)])
    kept = kill_after(10, process, path)
    broken, rest = run_tiny(path)
    assert 10 <= kept < cells and rest == cells - kept
    first, second = whole.summary({}), broken.summary({})
    for result in (first, second):
        result["run"].pop("core_seconds")
        for entry in result["tuned"]:
            entry.pop("seconds")
    assert first == second
    assert run_tiny(path)[1] == 0


def run_tiny(path):
    """The suite and how many cells were run."""
    tiny = suite.Suite(TINY, Store(path))
    return tiny, run_missing(tiny, Local(1), Quiet())


def test_another_setting_is_another_cell():
    cell = suite.Cell("tune", "alternating", "cosine")
    others = (replace(TINY, updates=31), replace(TINY, budget=suite.Budget(4, 2, 2, 4, 1)))
    keys = {suite.Suite(settings, {}).key(cell) for settings in (TINY, *others)}
    keys.add(suite.Suite(TINY, {}).key(replace(cell, contestant="linear")))
    keys.add(suite.Suite(TINY, {}).key(replace(cell, group="joint")))
    assert len(keys) == 5


def test_a_network_repeats_and_blowing_up_is_the_worst():
    networks = pytest.importorskip("networks")
    network = networks.HELD_OUT["mlp"]
    first, second = (networks.run(network, 3, 20, networks.make("cosine", np.full(2, 0.5), 20)) for _ in range(2))
    assert first.loss == second.loss and first.accuracy == second.accuracy
    lost = networks.run(network, 3, 20, policies.Fixed(np.full(20, networks.CAP)), factor=1e6)
    assert networks.score(lost, network) == pytest.approx(np.log(2 * np.log(10)))
    seeds = networks.SEEDS
    assert len(set(seeds.values())) == 3 and networks.HELD_OUT["mlp"] not in networks.TRAIN


def test_the_report_is_what_the_stored_results_say(tmp_path):
    page = HERE.parents[2] / "docs" / "learned.md"
    output = tmp_path / "learned.md"
    subprocess.run([sys.executable, HERE / "report.py", "--output", output], check=True, capture_output=True)
    assert output.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    pictures = set(re.findall(r"\]\((learned/\w+\.png)\)", page.read_text(encoding="utf-8")))
    assert len(pictures) == 3 and all((page.parent / name).is_file() for name in pictures)


def test_the_stored_results_are_of_the_full_protocol():
    results = read_json(HERE / "results" / "results.json")
    protocol = results["protocol"]
    for name in ("updates", "seeds", "test", "shifted", "trained", "net_updates", "net_seeds"):
        assert protocol[name] == getattr(suite.FULL, name)
    # Not compared with matrices made here: another processor may round their products differently.
    assert len(set(protocol["data"].values())) == len(matrices.PARTS)
    for entry in results["entries"]:
        assert np.shape(entry["scores"]) == (64 if entry["set"] == "test" else protocol["shifted"], protocol["seeds"])
        assert entry["highest"] <= protocol["cap"][entry["group"]]
    for networks, budget in ((False, suite.FULL.budget), (True, suite.FULL.net_budget)):
        entries = [entry for entry in results["tuned"] if (entry["group"] == suite.NETWORKS) == networks]
        assert {entry["episodes"] for entry in entries} == {budget.episodes}
