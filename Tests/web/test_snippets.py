"""The programs that the explorer offers to copy run as they stand, and make the rates of the text.

    test_snippets.py NODE_MODULES

NODE_MODULES has the package for JavaScript. Called by Tests/web/run.sh. What is not installed is skipped, and said.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import stepsize

ROOT = Path(__file__).resolve().parent.parent.parent
STEPS, LR = 40, 0.25
# Text, whether it has a controller, and the total of its shares.
TEXTS = [
    ("warmup(5) >> cosine(95, floor=0.1)", False, None),
    ("warmup(10%) >> linear(rest)", False, 50),
    ('linear(10, phase="main") >> constant(9, phase="it\'s the end")', False, None),
    ("greedy(patience=2) * cosine(70)", True, None),
    ("plateau(patience=3)", True, None),
]
LOSSES = [1.0 + (update % 7) / 10 for update in range(STEPS)]
C = """
#include <stdio.h>
#include <string.h>
#include <stepsize/stepsize.h>
int main(void) {
%s
  for (int update = 0; update < %d; update++) {
    double lr;
    if (stepsize_scheduler_rates(scheduler, &lr, 1)) return 2;
    printf("%%.17g\\n", lr);
    if (%s) return 3;
  }
  stepsize_scheduler_destroy(scheduler);
}
"""


def programs() -> list[dict[str, str]]:
    """Of each text, by language, as the page makes them."""
    source = f"""
        import {{ snippets }} from {json.dumps(str(ROOT / "docs/explorer/snippets.js"))};
        const texts = {json.dumps(TEXTS)};
        const made = texts.map(([text, controlled, total]) => snippets(text, {LR}, {{ controlled, total }}));
        console.log(JSON.stringify(made));"""
    done = subprocess.run(["node", "--input-type=module", "-e", source], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def expected(text: str, controlled: bool, total: int | None) -> list[float]:
    scheduler = stepsize.Scheduler(LR, text, **({"total": total} if total else {}))
    return followed(scheduler, controlled, lambda: scheduler.lr)


def followed(scheduler, controlled: bool, rate) -> list[float]:
    found = []
    for loss in LOSSES:
        found.append(rate())
        scheduler.step(loss) if controlled else scheduler.step()
    return found


def python(program: str, controlled: bool) -> list[float]:
    names: dict = {}
    exec(program, names)
    return followed(names["scheduler"], controlled, lambda: names["scheduler"].lr)


def torch_optimizer():
    import torch

    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)


def pytorch(program: str, controlled: bool) -> list[float]:
    optimizer = torch_optimizer()
    names: dict = {"optimizer": optimizer}
    exec(program, names)
    return followed(names["scheduler"], controlled, lambda: optimizer.param_groups[0]["lr"])


def hugging_face(program: str, controlled: bool) -> list[float]:
    optimizer = torch_optimizer()
    names: dict = {"optimizer": optimizer, "Trainer": lambda *_, **given: SimpleNamespace(**given)}
    exec(program, names)
    trainer = names["trainer"]
    assert controlled == hasattr(trainer, "callbacks") and trainer.optimizers[0] is optimizer
    return followed(trainer.optimizers[1], controlled, lambda: optimizer.param_groups[0]["lr"])


def optax(program: str, controlled: bool) -> list[float]:
    import jax
    import optax

    names: dict = {}
    if not controlled:
        # The rate of each update, from the very schedule that the program makes.
        with mock.patch("optax.adamw", wraps=optax.adamw) as adamw:
            exec(program, names)
        (rate,) = adamw.call_args.args
        return [float(rate(update)) for update in range(STEPS)]
    exec(program, names)
    optimizer, params = names["optimizer"], jax.numpy.ones(1)
    state, found = optimizer.init(params), []
    for loss in LOSSES:
        found.append(float(state[1].lr))
        updates, state = optimizer.update(params, state, params, value=loss)
        # The update of Adam at equal gradients is the rate.
        assert abs(abs(float(updates[0])) - found[-1]) < 1e-4 * LR, (updates, found[-1])
    return found


def compiled(program: str, controlled: bool) -> list[float]:
    step = "stepsize_scheduler_step(scheduler, NULL, 0)"
    if controlled:
        step = "stepsize_scheduler_step_with_loss(scheduler, 1.0 + (update % 7) / 10.0, NULL, 0)"
    with tempfile.TemporaryDirectory() as folder:
        source, binary, lib = Path(folder) / "snippet.c", Path(folder) / "snippet", ROOT / "build/lib"
        source.write_text(C % (program, STEPS, step), encoding="utf-8")
        words = ["cc", "-std=c99", "-Wall", "-Werror", source, f"-I{ROOT / 'include'}", f"-L{lib}", "-lstepsize"]
        subprocess.run([*map(str, words), f"-Wl,-rpath,{lib}", "-o", str(binary)], check=True)
        done = subprocess.run([binary], capture_output=True, text=True, check=True)
        return [float(line) for line in done.stdout.split()]


def javascript(program: str, controlled: bool, modules: Path) -> list[float]:
    loop = f"""
        for (let update = 0; update < {STEPS}; update++) {{
          console.log(scheduler.lr);
          {"scheduler.step(1 + (update % 7) / 10)" if controlled else "scheduler.step()"};
        }}"""
    file = modules.parent / "snippet.mjs"
    file.write_text(program + loop, encoding="utf-8")
    done = subprocess.run(["node", str(file)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"test_snippets: {program}\n{done.stderr}")
    return [float(line) for line in done.stdout.split()]


def main(modules: Path) -> None:
    node = lambda program, controlled: javascript(program, controlled, modules)  # noqa: E731
    ways = {
        "Python": (python, "stepsize"), "PyTorch": (pytorch, "torch"), "Hugging Face": (hugging_face, "transformers"),
        "optax": (optax, "optax"), "C": (compiled, "stepsize"), "JavaScript": (node, "stepsize"),
    }  # fmt: skip
    checks, skipped = 0, [name for name, (_, needs) in ways.items() if find_spec(needs) is None]
    for (text, controlled, total), made in zip(TEXTS, programs()):
        assert made.keys() == ways.keys(), made.keys()
        rates = expected(text, controlled, total)
        for name, (way, _) in ways.items():
            if name in skipped:
                continue
            found = way(made[name], controlled)
            # optax takes rates in single precision.
            close = 1e-6 if name == "optax" else 0.0
            for update, (a, b) in enumerate(zip(found, rates, strict=True)):
                if abs(a - b) > close * LR:
                    sys.exit(f"test_snippets: {name}, update {update} of {text}: {a}, expected {b}\n{made[name]}")
                checks += 1
    note = f", SKIPPED: {', '.join(skipped)}" if skipped else ""
    print(f"snippets: {checks} rates of copied programs are right{note}")


if __name__ == "__main__":
    warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")  # no optimizer makes an update here
    main(Path(sys.argv[1]))
