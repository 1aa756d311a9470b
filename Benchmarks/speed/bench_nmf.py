"""Time to the same relative error, StochasticNMF against scikit-learn, on a 2000 x 1000 matrix with 20 components.

    python bench_nmf.py [--quick]

Every solver runs fit_transform from random factors with 1 to 130 passes and no other stop. The error of each run is
computed here, ||X - WH|| / ||X||. Targets are multiples of the error of coordinate descent after 200 passes; the time
to a target is that of the fastest run that reaches it; the table has medians over the seeds. With one thread it is the
processor's time, which other programs do not lengthen; with two it is the time on the clock. "inf": not reached.
Needs numpy, scikit-learn.
"""

import argparse
import statistics
import time
import warnings

import numpy as np
from sklearn.decomposition import NMF, MiniBatchNMF
from stepsize import StochasticNMF
from threadpoolctl import threadpool_limits

ROWS, COLUMNS, RANK = 2000, 1000, 20
PASSES = (1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 60, 90, 130)
TARGETS = (2.0, 1.5, 1.2, 1.1, 1.02)


def matrix(kind):
    g = np.random.default_rng(0)
    if kind == "dense parts":
        w, h = g.gamma(1.0, 1.0, (ROWS, RANK)), g.gamma(1.0, 1.0, (RANK, COLUMNS))
        return w @ h / RANK + 0.1 * g.random((ROWS, COLUMNS))
    if kind == "sparse parts":
        w, h = (g.random(shape) * (g.random(shape) < 0.3) for shape in ((ROWS, RANK), (RANK, COLUMNS)))
        return np.maximum(w @ h + 0.1 * g.standard_normal((ROWS, COLUMNS)), 0)
    return g.random((ROWS, COLUMNS))


SOLVERS = {
    "ours": lambda k, seed: StochasticNMF(RANK, batch_size=200, max_iter=k, tol=0, random_state=seed),
    "ours, cosine": lambda k, seed: StochasticNMF(
        RANK, schedule=f"cosine({10 * k}, floor=0.01)", batch_size=200, max_iter=k, tol=0, random_state=seed
    ),
    "coordinate descent": lambda k, seed: NMF(RANK, init="random", max_iter=k, tol=0, random_state=seed),
    "MiniBatchNMF": lambda k, seed: MiniBatchNMF(
        RANK, init="random", max_iter=k, tol=0, max_no_improvement=None, random_state=seed
    ),
}


def run(solver, x, passes, seed, clock=time.perf_counter):
    model = SOLVERS[solver](passes, seed)
    start = clock()
    w = model.fit_transform(x)
    seconds = clock() - start
    return seconds, float(np.linalg.norm(x - w @ model.components_) / np.linalg.norm(x))


def time_to(runs, target):
    return min((seconds for seconds, error in runs if error <= target), default=float("inf"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed and one matrix")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="runs of each solver (3)")
    options = parser.parse_args()
    seeds = range(1 if options.quick else options.seeds)
    kinds = ("dense parts",) if options.quick else ("dense parts", "sparse parts", "no parts")
    warnings.simplefilter("ignore")
    print("NMF of a 2000 x 1000 matrix, 20 components: milliseconds to a relative error, and peer/ours")
    for kind in kinds:
        x = matrix(kind)
        base = statistics.median(run("coordinate descent", x, 200, seed)[1] for seed in seeds)
        for threads in (1, 2):
            clock = time.process_time if threads == 1 else time.perf_counter
            with threadpool_limits(threads):
                runs = {(s, seed): [] for s in SOLVERS for seed in seeds}
                # In turns, so that what else the machine does falls on all.
                for passes in PASSES:
                    for seed in seeds:
                        for solver in SOLVERS:
                            runs[solver, seed].append(run(solver, x, passes, seed, clock))
            print(f"\n{kind}, BLAS with {threads} thread{'s'[: threads - 1]}; coordinate descent ends at {base:.4f}")
            print(f"{'error':>8} " + " ".join(f"{name:>20}" for name in SOLVERS) + "  peers/ours")
            for factor in TARGETS if kind != "no parts" else (1.02, 1.01, 1.005, 1.002):
                times = {
                    s: 1e3 * statistics.median(time_to(runs[s, seed], factor * base) for seed in seeds) for s in SOLVERS
                }
                ours, cosine, *peers = times.values()
                best = min(ours, cosine)
                ratios = " ".join(f"{peer / best:.2f}" for peer in peers) if best < float("inf") else "-"
                line = " ".join(f"{t:20.0f}" for t in times.values())
                print(f"{factor * base:8.4f} {line}  {ratios}", flush=True)


if __name__ == "__main__":
    main()
