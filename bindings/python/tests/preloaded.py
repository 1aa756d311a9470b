"""Runs programs of Python, each in a process of its own that is forked from one with their framework imported: the
import takes seconds.

`run` is what tests call. This file as a program is the process that forks: `preloaded.py MODULE...` imports these and
reads what to run from its standard input, a line of JSON each; it writes the exit status of each, a line each. A
program begins in a fresh `__main__`, and ends as any other does, with the interpreter's own shutdown.
"""

import atexit
import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

# What is imported beforehand, by what stands in a program. Of torch also what it imports by itself when the first
# optimizer is made.
IMPORTS = {
    r"torch|transformers|accelerate|lightning|huggingface|keras": "torch._dynamo",
    r"transformers|accelerate|huggingface": "transformers.trainer",
    r"lightning": "lightning",
    r"keras": "keras",
    r"\bjax\b|optax": "optax",
    r"sklearn": "sklearn.datasets",
}
# Imported together with the first of them by those that run programs of all: that one takes the most time.
TOGETHER = ("torch._dynamo", "transformers.trainer", "lightning", "keras", "sklearn.datasets")


class Server:
    def __init__(self, modules, environment):
        # In a session of its own, so that what it has forked can be ended with it.
        self.process = subprocess.Popen(
            [sys.executable, __file__, *modules], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment, start_new_session=True,
        )  # fmt: skip
        atexit.register(self.process.wait)
        atexit.register(self.process.stdin.close)

    def run(self, timeout, **request):
        """The exit status; subprocess.TimeoutExpired where that takes longer."""

        def stop(*_):
            os.killpg(self.process.pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(request["words"], timeout)

        previous = signal.signal(signal.SIGALRM, stop)
        signal.alarm(timeout)
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline())
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)


@functools.cache
def server(modules, environment):
    return Server(modules, dict(environment))


def is_installed(name):
    return find_spec(name.partition(".")[0]) is not None


def modules_of(text, is_one_of_many, environment):
    """What is imported for a program."""
    names = [name for pattern, name in IMPORTS.items() if re.search(pattern, text)]
    if is_one_of_many and TOGETHER[0] in names:
        names += [name for name in TOGETHER if name not in names and is_installed(name)]
    if "KERAS_BACKEND" not in environment:  # the program may choose one itself, before the import
        names = [name for name in names if name != "keras"]
    return tuple(name for name in IMPORTS.values() if name in names)


def run(
    words, *, source=None, folder=None, environment=None, timeout=240, given="", modules=(), is_one_of_many=False
):
    """Runs `python WORDS...`, or a `source` as `python -c`, with the input `given`, and returns a
    subprocess.CompletedProcess with its texts.

    Programs with the same frameworks, or the same `modules`, and the same environment are forked from one process;
    where each `is_one_of_many`, also those with different frameworks on PyTorch."""
    words = [str(word) for word in words]
    environment = dict(os.environ if environment is None else environment)
    text = source if source is not None else Path(words[0]).read_text(encoding="utf-8")
    modules = tuple(modules) or modules_of(text, is_one_of_many, environment)
    if not modules or not all(map(is_installed, modules)):
        command = [sys.executable, *(("-c", source) if source is not None else ()), *words]
        return subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", timeout=timeout, env=environment, input=given
        )
    started = tuple(sorted((name, environment[name]) for name in environment if name != "PYTEST_CURRENT_TEST"))
    with tempfile.TemporaryDirectory() as place:
        streams = [os.path.join(place, name) for name in ("input", "output", "errors")]
        Path(streams[0]).write_text(given, encoding="utf-8")
        status = server(modules, started).run(
            timeout, source=source, words=words, folder=str(folder or os.getcwd()), streams=streams
        )
        output, errors = (Path(stream).read_bytes().decode(errors="replace") for stream in streams[1:])
    return subprocess.CompletedProcess(words, status, output, errors)


def serve():
    """What to run, in the process that is to run it."""
    import gc
    import importlib

    for name in sys.argv[1:]:
        importlib.import_module(name)
    # The collector of a forked process leaves alone what all have in common: at the end it would write to each of these
    # objects, and so to a copy of each page, which takes a second.
    gc.collect()
    gc.freeze()
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            return json.loads(line)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
    raise SystemExit


def begin(request):
    """Makes this process the one that was asked for, and returns its code and a fresh `__main__`."""
    from types import ModuleType

    os.chdir(request["folder"])
    for number, name, flags in zip(range(3), request["streams"], [os.O_RDONLY, *2 * [os.O_WRONLY | os.O_CREAT]]):
        file = os.open(name, flags, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = open(0, closefd=False)
    words, source = request["words"], request["source"]
    sys.argv = [*(["-c"] if source is not None else []), *words]
    name = "<string>" if source is not None else words[0]
    sys.path[0] = "" if source is not None else os.path.dirname(os.path.abspath(name))
    main = ModuleType("__main__")
    if source is None:
        main.__file__, source = name, Path(name).read_text(encoding="utf-8")
    sys.modules["__main__"] = main
    return compile(source, name, "exec"), main


if __name__ == "__main__":
    code, main = begin(serve())
    exec(code, main.__dict__)
