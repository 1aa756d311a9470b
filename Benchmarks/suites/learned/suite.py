#!/usr/bin/env python3
"""Learned rates against tuned ones: factorizations under a bound, then small networks without one.

    make benchmark-learned          all of it; resumes where it was interrupted
    make benchmark-learned-quick    fewer instances, episodes and seeds: under five minutes

A cell is the tuning of one contestant, or its runs on one set. Its key is a hash of everything that decides it. What
all cells amount to goes to results/results.json.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(HERE.parent)]

import agents  # noqa: E402
import factorize  # noqa: E402
import matrices  # noqa: E402
import networks  # noqa: E402
import numpy as np  # noqa: E402
import policies  # noqa: E402
import search  # noqa: E402
import shipped  # noqa: E402
from engine import run, suite  # noqa: E402
from engine.files import machine, write_json  # noqa: E402
from engine.store import Content, Store  # noqa: E402

REVISION = 2  # of the runs; another one makes all stored ones void
NETWORKS = "networks"
POINTS = 60  # of a curve of rates in the file


@dataclass(frozen=True)
class Budget:
    """Episodes of tuning: candidates x tune = generations x population x train."""

    candidates: int
    tune: int
    generations: int
    population: int
    train: int

    def __post_init__(self) -> None:
        assert self.candidates * self.tune == self.generations * self.population * self.train

    @property
    def episodes(self) -> int:
        return self.candidates * self.tune


@dataclass(frozen=True)
class Settings:
    """The protocol."""

    profile: str
    regimes: tuple[str, ...]
    updates: int
    budget: Budget
    seeds: int  # of minibatches and first factors
    test: int
    shifted: int
    trained: int  # seeds of the learners
    held_out: tuple[str, ...]
    net_updates: int
    net_budget: Budget
    net_trained: int
    net_tune: int  # seeds for the base rate on another network
    net_seeds: int
    curve: int = 20


FULL = Settings("full", tuple(factorize.REGIMES), 160, Budget(192, 32, 24, 16, 16), 3, 64, 24, 5,
                tuple(networks.HELD_OUT), 120, Budget(64, 12, 24, 8, 4), 3, 2, 8)  # fmt: skip
QUICK = Settings("quick", tuple(factorize.REGIMES), 160, Budget(24, 16, 12, 8, 4), 2, 16, 6, 2, ("mlp", "cnn"), 80,
                 Budget(12, 8, 6, 8, 2), 1, 1, 3)  # fmt: skip

LEARNERS = (policies.FEEDBACK, *agents.TRAINERS)  # trained with several seeds
ABLATIONS = (policies.OPEN, policies.BLIND)


@dataclass(frozen=True)
class Cell:
    """kind: "reference" (of a set), "tune" or "test"; `group`: a regime, or NETWORKS."""

    kind: str
    group: str = ""
    contestant: str = ""
    seed: int = 0
    set: str = ""


class Suite(suite.Suite):
    """The cells of the settings."""

    title = "learned"

    # ---- What there is to do ----

    def contestants(self, group: str) -> list[tuple[str, int]]:
        """Names and training seeds."""
        tuned = networks.TUNED if group == NETWORKS else policies.TUNED
        count = self.settings.net_trained if group == NETWORKS else self.settings.trained
        found = [(name, 0) for name in (*tuned, *ABLATIONS)]
        return found + [(name, seed) for name in LEARNERS for seed in range(count)]

    def sets(self, group: str) -> tuple[str, ...]:
        if group == NETWORKS:
            return self.settings.held_out
        return ("test", *matrices.SHIFTED)

    def groups(self) -> tuple[str, ...]:
        return (*self.settings.regimes, *((NETWORKS,) if self.settings.held_out else ()))

    def cells(self) -> list[list[Cell]]:
        """References, tunings, tests: each needs the results of those before it."""
        references = [Cell("reference", set=name) for name in ("train", "tune", "test", *matrices.SHIFTED)]
        first, second = [], []
        for group in self.groups():
            named = self.contestants(group)
            first += [Cell("tune", group, name, seed) for name, seed in named]
            if group != NETWORKS:
                named += [(f"{policies.REPLAY} of {name}", 0) for name in LEARNERS]
            second += [Cell("test", group, name, seed, one) for name, seed in named for one in self.sets(group)]
        return [sorted(cells, key=self.cost, reverse=True) for cells in (references, first, second)]

    def count(self, part: str) -> int:
        s = self.settings
        return {"train": matrices.PARTS["train"], "tune": s.budget.tune, "test": s.test}.get(part, s.shifted)

    def cost(self, cell: Cell) -> float:
        """Roughly its seconds, for the order and the estimate of the time left."""
        s = self.settings
        if cell.kind == "reference":
            return 0.03 * self.count(cell.set)
        if cell.group == NETWORKS:
            each = {"cnn": 1.3e-3, "transformer": 4e-3}.get(cell.set, 4e-4) * s.net_updates
            tests = len(networks.FACTORS) * s.net_tune + s.net_seeds
            return each * (s.net_budget.episodes if cell.kind == "tune" else tests)
        each = {"line search": 9e-5, "hypergradient": 4e-5}.get(cell.contestant, 9e-6) * s.updates
        if cell.kind == "tune":
            return each * s.budget.episodes
        return each * self.count(cell.set) * s.seeds * (4 if cell.set == "larger" else 1)

    # ---- What decides a cell ----

    def needs(self, cell: Cell) -> list[Cell]:
        if cell.kind == "reference":
            return []
        own = [] if cell.group == NETWORKS else [Cell("reference", set=part) for part in self.parts(cell)]
        return own + (self.tunings(cell) if cell.kind == "test" else [])

    def parts(self, cell: Cell) -> tuple[str, ...]:
        return (cell.set,) if cell.kind == "test" else ("train", "tune")

    def tunings(self, cell: Cell) -> list[Cell]:
        """What a test runs with; a replay, the mean over the seeds of what it replays."""
        if cell.contestant.startswith(policies.REPLAY):
            name = cell.contestant.removeprefix(f"{policies.REPLAY} of ")
            return [Cell("tune", cell.group, name, seed) for one, seed in self.contestants(cell.group) if one == name]
        return [Cell("tune", cell.group, cell.contestant, cell.seed)]

    def about(self, cell: Cell) -> dict:
        """Of a test it is known when its contestant is tuned."""
        s = self.settings
        what: dict = {"revision": REVISION, "kind": cell.kind, "group": cell.group, "contestant": cell.contestant}
        if cell.kind == "reference":
            what |= {"set": cell.set, "data": matrices.digest(cell.set, self.count(cell.set))}
        elif cell.group == NETWORKS:
            what |= {"updates": s.net_updates, "space": repr(networks.TUNED.get(cell.contestant)),
                     "unit": networks.UNIT, "cap": networks.CAP}  # fmt: skip
            if cell.kind == "tune":
                what |= {"budget": asdict(s.net_budget), "seed": cell.seed, "on": repr(networks.TRAIN)}
            else:
                what |= {"values": self.values(cell).tolist(), "on": repr(networks.HELD_OUT[cell.set]),
                         "seeds": [s.net_tune, s.net_seeds], "factors": networks.FACTORS}  # fmt: skip
        else:
            what |= {"regime": repr(factorize.REGIMES[cell.group]), "updates": s.updates, "batch": factorize.BATCH,
                     "space": repr(policies.TUNED.get(cell.contestant))}  # fmt: skip
            if cell.kind == "tune":
                data = [matrices.digest(part, self.count(part)) for part in ("train", "tune")]
                what |= {"budget": asdict(s.budget), "seed": cell.seed, "data": data}
            else:
                what |= {"values": self.values(cell).tolist(), "set": cell.set, "seeds": s.seeds, "curve": s.curve,
                         "data": matrices.digest(cell.set, self.count(cell.set))}  # fmt: skip
        if cell.contestant in policies.SHIPPED.values():
            what["policy"] = policies.shipped(cell.contestant)
        return what

    def values(self, cell: Cell) -> np.ndarray:
        """What tuning has found; of a replay the log rates of all updates."""
        found = [self.read(one) for one in self.tunings(cell)]
        if cell.contestant.startswith(policies.REPLAY):
            return np.mean([one["log_rates"] for one in found], axis=0)
        return found[0]["values"]

    # ---- Running ----

    def compute(self, cell: Cell) -> Content:
        if cell.kind == "reference":
            losses = [matrices.reference(one) for one in matrices.instances(cell.set, self.count(cell.set))]
            return {"losses": np.array(losses)}
        if cell.kind == "tune":
            return self.tune_network(cell) if cell.group == NETWORKS else self.tune(cell)
        return self.test_network(cell) if cell.group == NETWORKS else self.test(cell)

    def policy(self, cell: Cell, values: np.ndarray) -> policies.Policy:
        s, cap = self.settings, factorize.REGIMES[cell.group].cap
        if cell.contestant.startswith(policies.REPLAY):
            return policies.Fixed(np.exp(values))
        if cell.contestant in policies.TUNED:
            return policies.TUNED[cell.contestant].make(values, cap, s.updates)
        if cell.contestant in agents.TRAINERS:
            return agents.trained(values, cap, s.updates)
        return policies.learner(cell.contestant, values, cap, s.updates)

    def episode(self, cell: Cell, part: str, number: int, seed: int, values: np.ndarray, reference: np.ndarray,
                curve: int = 0) -> tuple[factorize.Outcome, float]:  # fmt: skip
        one = matrices.instance(part, number)
        outcome = factorize.run(one, seed, factorize.REGIMES[cell.group], self.settings.updates,
                                self.policy(cell, values), curve)  # fmt: skip
        return outcome, outcome.score(reference[number])

    def tune(self, cell: Cell) -> dict[str, np.ndarray]:
        s, b = self.settings, self.settings.budget
        losses = {part: self.references(part) for part in ("train", "tune")}

        def mean(values: np.ndarray) -> float:
            """On all tune instances."""
            return float(np.mean([self.episode(cell, "tune", n, 0, values, losses["tune"])[1] for n in range(b.tune)]))

        if cell.contestant in policies.TUNED:
            found = search.tune(mean, len(policies.TUNED[cell.contestant].space), b.candidates, b.tune)
        elif cell.contestant in agents.TRAINERS:
            regime = factorize.REGIMES[cell.group]

            def play(number: int, policy: policies.Policy) -> tuple[float, float]:
                seed, n = divmod(number, matrices.PARTS["train"])
                outcome = factorize.run(matrices.instance("train", n), seed, regime, s.updates, policy)
                score = outcome.score(losses["train"][n])
                return score, score + float(np.log(losses["train"][n]))

            found = agents.train(cell.contestant, play, regime.cap, s.updates, b, cell.seed)
        else:

            def score(values: np.ndarray, generation: int) -> float:
                chosen = np.random.default_rng([cell.seed, generation, 5]).choice(
                    matrices.PARTS["train"], b.train, replace=False
                )
                return float(np.mean([self.episode(cell, "train", int(n), generation, values, losses["train"])[1]
                                      for n in chosen]))  # fmt: skip

            cap = factorize.REGIMES[cell.group].cap
            found = search.cross_entropy(score, *start(cell.contestant, cap), b.generations, b.population, b.train,
                                         cell.seed)  # fmt: skip
        runs = [self.episode(cell, "tune", n, 0, found.values, losses["tune"]) for n in range(b.tune)]
        return {
            "values": found.values,
            "episodes": np.array(found.episodes),
            "history": np.array(found.history),
            "score": np.array(np.mean([score for _, score in runs])),
            "log_rates": np.mean([np.log(outcome.rates) for outcome, _ in runs], axis=0),
            "updates": np.array(s.updates),
        }

    def test(self, cell: Cell) -> dict[str, np.ndarray]:
        s, values, reference = self.settings, self.values(cell), self.references(cell.set)
        curve = s.curve if cell.set == "test" else 0
        runs = [[self.episode(cell, cell.set, n, seed, values, reference, curve) for seed in range(s.seeds)]
                for n in range(self.count(cell.set))]  # fmt: skip
        content = {
            "scores": np.array([[score for _, score in row] for row in runs]),
            "failed": np.array([[outcome.failed() for outcome, _ in row] for row in runs]),
            "work": np.array(np.mean([outcome.work for row in runs for outcome, _ in row]) / (2 * s.updates)),
            "past": np.array(np.mean([outcome.past for row in runs for outcome, _ in row])),
            "highest": np.array(max(outcome.rates.max() for row in runs for outcome, _ in row)),
            "rates": np.exp(np.mean([np.log(outcome.rates) for row in runs for outcome, _ in row], axis=0)),
        }
        if curve:
            logs = [np.log(np.array(outcome.curve) / reference[n]) for n, row in enumerate(runs) for outcome, _ in row]
            content["curve"] = np.median(logs, axis=0)
        return content

    def references(self, part: str) -> np.ndarray:
        return self.read(Cell("reference", set=part))["losses"]

    def network_score(self, network: networks.Network, seed: int, cell: Cell, values: np.ndarray, factor: float = 1.0):
        outcome = networks.run(network, seed, self.settings.net_updates,
                               networks.make(cell.contestant, values, self.settings.net_updates), factor)  # fmt: skip
        return outcome, networks.score(outcome, network)

    def tune_network(self, cell: Cell) -> dict[str, np.ndarray]:
        b = self.settings.net_budget
        if cell.contestant in networks.TUNED:

            def mean(values: np.ndarray) -> float:
                return float(np.mean([self.network_score(networks.TRAIN[n % len(networks.TRAIN)],
                                                         networks.SEEDS["tune"] + n, cell, values)[1]
                                      for n in range(b.tune)]))  # fmt: skip

            found = search.tune(mean, len(networks.TUNED[cell.contestant].space), b.candidates, b.tune)
        elif cell.contestant in agents.TRAINERS:

            def play(number: int, policy: policies.Policy) -> tuple[float, float]:
                network = networks.TRAIN[number % len(networks.TRAIN)]
                outcome = networks.run(network, networks.SEEDS["train"] + number % 1000, self.settings.net_updates,
                                       policy)  # fmt: skip
                return networks.score(outcome, network), networks.score(outcome, network)

            found = agents.train(cell.contestant, play, networks.CAP, self.settings.net_updates, b, cell.seed)
        else:

            def score(values: np.ndarray, generation: int) -> float:
                chosen = np.random.default_rng([cell.seed, generation, 6]).choice(
                    len(networks.TRAIN), b.train, replace=False
                )
                seed = networks.SEEDS["train"] + 20 * cell.seed + generation
                return float(np.mean([self.network_score(networks.TRAIN[n], seed, cell, values)[1] for n in chosen]))

            found = search.cross_entropy(score, *start(cell.contestant, networks.CAP), b.generations, b.population,
                                         b.train, cell.seed)  # fmt: skip
        return {"values": found.values, "episodes": np.array(found.episodes), "history": np.array(found.history),
                "score": np.array(found.score)}  # fmt: skip

    def test_network(self, cell: Cell) -> dict[str, np.ndarray]:
        """The factor by which the rates are scaled is chosen on seeds of its own; 1 is on the grid."""
        s, values, network = self.settings, self.values(cell), networks.HELD_OUT[cell.set]
        grid = np.array([np.mean([self.network_score(network, networks.SEEDS["tune"] + 500 + seed, cell, values, f)[1]
                                  for seed in range(s.net_tune)]) for f in networks.FACTORS])  # fmt: skip
        factor = networks.FACTORS[int(np.argmin(grid))]
        runs = [self.network_score(network, networks.SEEDS["test"] + seed, cell, values, factor)
                for seed in range(s.net_seeds)]  # fmt: skip
        worst = 2 * np.log(networks.text()[2] if network.kind == "transformer" else 10)
        return {
            "scores": np.array([score for _, score in runs]),
            "accuracy": np.array([outcome.accuracy for outcome, _ in runs]),
            "failed": np.array([outcome.failed(worst) for outcome, _ in runs]),
            "factor": np.array(factor),
            "rates": np.exp(np.mean([np.log(np.maximum(padded(o.rates, s.net_updates), 1e-12)) for o, _ in runs], 0)),
        }

    def name(self, cell: Cell) -> str:
        return " ".join(filter(None, (cell.kind, cell.group, cell.contestant, cell.set)))

    # ---- What it amounts to ----

    def summary(self, about: dict) -> dict:
        s, seconds = self.settings, 0.0
        tuned, entries, nets = [], [], []
        for cell in (cell for group in self.cells() for cell in group):
            content = self.read(cell)
            own = self.results.seconds(self.key(cell))
            seconds += own
            at = {"group": cell.group, "contestant": cell.contestant, "seed": cell.seed}
            if cell.kind == "tune":
                space = (networks.TUNED if cell.group == NETWORKS else policies.TUNED).get(cell.contestant)
                cap = networks.CAP if cell.group == NETWORKS else factorize.REGIMES[cell.group].cap
                values = content["values"]
                if space:
                    values = np.array([r.value(float(u), cap) for r, u in zip(space.space, values)])
                elif cell.contestant in agents.TRAINERS:
                    values = np.array(agents.parameters(values))
                tuned.append(at | {"episodes": int(content["episodes"]), "score": rounded(content["score"]),
                                   "seconds": round(own, 1), "values": rounded(values),
                                   "history": rounded(content["history"], 4)})  # fmt: skip
            elif cell.kind == "test" and cell.group == NETWORKS:
                nets.append(at | {"set": cell.set, "factor": float(content["factor"]),
                                  "scores": rounded(content["scores"]),
                                  "accuracy": rounded(content["accuracy"]), "failed": int(content["failed"].sum()),
                                  "rates": rounded(thin(content["rates"]), 4)})  # fmt: skip
            elif cell.kind == "test":
                entry = at | {"set": cell.set, "failed": int(content["failed"].sum()),
                              "work": rounded(content["work"]), "past": rounded(content["past"]),
                              "highest": rounded(content["highest"]), "scores": rounded(content["scores"])}  # fmt: skip
                if cell.set == "test":
                    entry |= {"rates": rounded(thin(content["rates"]), 4), "curve": rounded(content["curve"], 4)}
                entries.append(entry)
        order = {name: place for place, name in enumerate(self.order())}
        for entries_of in (tuned, entries, nets):
            entries_of.sort(key=lambda e: (e["group"], e.get("set", ""), order[e["contestant"]], e["seed"]))
        data = {part: matrices.digest(part, self.count(part)) for part in matrices.PARTS}
        protocol = asdict(s) | {"batch": factorize.BATCH, "cap": {n: factorize.REGIMES[n].cap for n in s.regimes},
                                "data": data, "learners": LEARNERS, "order": self.order(),
                                "shipped": shipped.EPISODES}  # fmt: skip
        if s.held_out:
            protocol["text"] = networks.text_digest()
        about = about | {"core_seconds": round(seconds)}
        return {"protocol": protocol, "run": about, "tuned": tuned, "entries": entries, "networks": nets}

    def order(self) -> list[str]:
        names = [*policies.TUNED, *networks.TUNED, *ABLATIONS, *(f"{policies.REPLAY} of {n}" for n in LEARNERS)]
        return list(dict.fromkeys([*names, *LEARNERS]))


def start(contestant: str, cap: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the cross-entropy method begins: a constant rate, and how far it looks around it."""
    size = policies.learner_size(contestant)
    first = np.log(0.5 if cap == 1 else 1.0)
    if contestant == policies.OPEN:
        return np.full(size, first), np.ones(size)
    return np.append(first, np.zeros(size - 1)), np.append(1.0, np.full(size - 1, 0.3))


def padded(rates: np.ndarray, count: int) -> np.ndarray:
    return np.append(rates, np.full(count - len(rates), rates[-1]))


def thin(values: np.ndarray) -> np.ndarray:
    return np.interp(np.linspace(0, len(values) - 1, POINTS), np.arange(len(values)), values)


def rounded(values: np.ndarray, digits: int = 5):
    """Numbers of so many significant digits, in lists of the same shape."""
    if np.ndim(values) == 0:
        return float(f"{float(values):.{digits}g}")
    return [rounded(value, digits) for value in values]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmark-learned", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer instances, episodes and seeds: under five minutes")
    run.add_options(parser)
    parser.add_argument("--regimes", nargs="*", choices=list(factorize.REGIMES), help="these regimes alone")
    parser.add_argument("--networks", nargs="*", choices=list(networks.HELD_OUT), help="these networks alone")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the aggregated results, as JSON")
    options = parser.parse_args()

    settings = QUICK if options.quick else FULL
    changes: dict = {}
    if options.regimes is not None:
        changes["regimes"] = tuple(options.regimes)
    if options.networks is not None:
        changes["held_out"] = tuple(options.networks)
    if changes:
        settings = replace(settings, profile="custom", **changes)
    # Only what the full suite measures goes to the repository.
    stored = HERE / "results" / "results.json"
    output = options.output or (
        stored if settings == FULL else ROOT / "build" / "suites" / f"learned-{settings.profile}.json"
    )
    chosen = Suite(settings, Store(options.runs))
    done, seconds = run.run_to_the_end(chosen, options, parser.prog)
    import torch

    about = machine() | {"torch": torch.__version__.split("+")[0], "jobs": options.jobs}
    results = chosen.summary(about)
    write_json(output, results)
    import report

    print(report.text(results))
    print(f"benchmark-learned: {done} cells run in {seconds} s; {output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
