"""Where cells run: in processes here, or on a Dask cluster. A pool maps a function over tasks, in any order."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

SUITES = str(Path(__file__).resolve().parent.parent)


class Local:
    """joblib; with one job in this process."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def map(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        if self.jobs == 1:
            return map(function, tasks)
        from joblib import Parallel, delayed

        # Tasks are made when they are begun: what a task carries is read as late as that.
        parallel = Parallel(n_jobs=self.jobs, return_as="generator_unordered", pre_dispatch=self.jobs)
        return parallel(delayed(function)(task) for task in tasks)

    def close(self) -> None:
        pass


class Cluster:
    """The workers of a Dask scheduler, which see this folder under the same path."""

    def __init__(self, address: str) -> None:
        from dask.distributed import Client

        self.client = Client(address, timeout=30)
        self.client.register_plugin(import_path(SUITES, list(sys.path)))

    def map(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
        from dask.distributed import as_completed

        waiting = iter(tasks)
        running = as_completed()
        # Two for each thread: one that runs, one that is there when it has ended.
        for _ in range(2 * max(1, sum(self.client.nthreads().values()))):
            self.submit(function, waiting, running)
        for future in running:
            yield future.result()
            self.submit(function, waiting, running)

    def submit(self, function: Callable[[Any], Any], waiting: Iterator[Any], running: Any) -> None:
        from cloudpickle import dumps

        for task in waiting:
            running.add(self.client.submit(unpacking(), dumps((function, task)), pure=False))
            return

    def close(self) -> None:
        self.client.close()


def unpacking() -> Callable[[bytes], Any]:
    """Goes to the workers by value, and what it unpacks as bytes: the scheduler reads tasks too, and knows no suite."""

    def run(packed: bytes) -> Any:
        import pickle

        function, task = pickle.loads(packed)
        return function(task)

    return run


def import_path(*folders: Any) -> Any:
    """Lets workers import what this process can. A function, so that nothing of Dask is needed without a cluster."""
    from dask.distributed import WorkerPlugin

    own, path = folders

    class ImportPath(WorkerPlugin):
        name = "stepsize-benchmarks"

        def setup(self, worker: Any) -> None:
            import sys

            sys.path[:0] = [folder for folder in [own, *path] if folder and folder not in sys.path]

    return ImportPath()
