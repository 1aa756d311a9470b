#!/usr/bin/env python3
"""Runs what the documents show: every code block of the README, of docs and of the docstrings, every text form of
docs/schedules.md, and the site that is made of them."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import stepsize

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/python/tests"))
import preloaded  # noqa: E402

# What the examples in docstrings take for granted: always, and where they use a framework. Without it they are not run.
PRELUDE = """
import stepsize
from stepsize import *
batches, data, train, loss = range(3), range(10), lambda *batch, **options: 1.0, 1.0
scheduler = Scheduler(0.1, 'constant(2, phase="main") >> linear(2, phase="anneal")')
DataLoader = lambda data, batch_sampler: ((indices, indices) for indices in batch_sampler)
"""
FRAMEWORKS = {
    "optax.": """
import jax, optax
params = jax.numpy.ones(2)
def update(params, opt_state, batch):
    updates, opt_state = optimizer.update(params, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, float(params.sum())
""",
    "Shared(": """
import atexit, torch, torch.distributed.nn, stepsize.torch
atexit.register(torch.distributed.destroy_process_group)
torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
optimizer = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=0.1)
""",
    "optimizer": """
import torch, stepsize.torch
model = torch.nn.ModuleDict({"blocks": torch.nn.ModuleList(torch.nn.Linear(2, 2) for _ in range(3))})
optimizer = torch.optim.SGD([torch.zeros(2, requires_grad=True)], lr=0.1)
""",
}
# Adapters whose docstrings show fragments of a training: docs/frameworks.md has them whole, and those are run.
ADAPTERS = ("keras", "lightgbm", "lightning", "sklearn", "xgboost")
# What `make test-core` leaves out; an example with one that is not there is skipped, and counted.
BIG = ("accelerate", "hydra", "jax", "keras", "lightgbm", "lightning", "optax", "torch", "transformers", "xgboost")
# The programs that blocks of the guides are parts of: the tests of each language compile and run them.
EXAMPLES = {"c": "bindings/c/examples/*.c", "cpp": "bindings/c/examples/*.cpp", "swift": "Examples/swift/main.swift"}
# What sets up the machine: the tests themselves run in such an environment.
SETUP = (r"python3 -m venv \S+", r"\S+/pip install .*", r"pip install .*", r"cd \S+")


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(source: str, folder: str) -> None:
    done = preloaded.run([], source=source, folder=folder, is_one_of_many=True)
    if done.returncode != 0:
        sys.exit(f"documents: {source}\nreturns {done.returncode}: {done.stderr}")


def call(words: list[str], folder: str) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"documents: {words[-1]}\nreturns {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


# What an example needs and does not import: by what stands in it.
IMPLIED = {
    r"stepsize\.torch": ("torch",), r"stepsize\.huggingface": ("transformers",),
    r"stepsize\.lightning": ("lightning",), r"stepsize\.keras": ("keras",), r"stepsize\.optax": ("jax", "optax"),
    r"stepsize\.xgboost": ("xgboost",), r"stepsize\.lightgbm": ("lightgbm",), r"stepsize\.sklearn": ("sklearn",),
    r"\.plot\(": ("matplotlib",),
}  # fmt: skip
# What packages bring with them.
BROUGHT = {
    "transformers": ("torch", "accelerate", "numpy"), "scikit-learn": ("sklearn", "numpy"), "jax": ("numpy",),
    "matplotlib": ("numpy",), "lightning": ("torch",), "keras": ("numpy",), "xgboost": ("numpy",),
    "lightgbm": ("numpy",), "hydra-core": ("hydra", "omegaconf", "yaml"),
}  # fmt: skip


def check_environment(page: Path) -> None:
    """What the examples of a page import is in the extras, or is one of the packages, that the page says to install."""
    import tomllib

    text = page.read_text(encoding="utf-8")
    with open(ROOT / "bindings/python/pyproject.toml", "rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    said = set(re.findall(r"\w+", " ".join(re.findall(r"(?:pip install[^\n`]*|`)\[([\w,]+)\]", text))))
    # Packages by themselves.
    said_packages = set(re.findall(r"[\w-]+", " ".join(re.findall(r"pip install ([^\n`|#]*)", text))))
    has: set[str] = set()
    for extra in said & set(extras):
        for requirement in extras[extra]:
            name = re.match(r"[\w-]+", requirement)[0]
            has |= {name, *BROUGHT.get(name, ())}
    has |= {each for name in said_packages for each in (name, *BROUGHT.get(name, ()))}
    for source in blocks(page, "python"):
        needed = {
            name.partition(".")[0]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name in ([each.name for each in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        for pattern, modules in IMPLIED.items():
            needed |= set(modules) if re.search(pattern, source) else set()
        missing = needed - has - {"stepsize"} - set(sys.stdlib_module_names)
        assert not missing, f"{page}: nothing says that {sorted(missing)} is to be installed for\n{source}"


def is_runnable(source: str) -> bool:
    return all(find_spec(name) for name in BIG if re.search(rf"\b{name}\b", source))


def check_shell(source: str, folder: str) -> None:
    """Runs the commands of this project; targets of make must be there; anything else is not known here."""
    targets = re.findall(r"^([a-z-]+)(?= [a-z-]+:|:)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for line in source.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "make":
            assert all("=" in word or word in targets for word in words[1:]), line
        elif words[0] == "stepsize" or words[:2] in (["python", "-m"], ["python", "-c"]):
            scripts = os.path.dirname(sys.executable)
            command = re.sub(r"\bpython\b", shlex.quote(sys.executable), line)
            environment = f"export PATH={shlex.quote(scripts)}:$PATH; "
            status = subprocess.run(["bash", "-c", environment + command], cwd=folder, capture_output=True, text=True)
            # 1 is a warning of `stepsize check`.
            expected = (0, 1) if "check" in words else (0,)
            assert status.returncode in expected, f"{line}: {status.stderr}"
        else:
            assert any(re.fullmatch(pattern, shlex.join(words)) for pattern in SETUP), f"not known: {line}"


def docstring_examples(path: Path) -> list[str]:
    """The indented blocks of docstrings that are Python: after `::`, or with an import of this package."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            text = (ast.get_docstring(node) or "").replace("\n\n\n", "\n\n")
            for before, block in re.findall(r"([^\n]*)\n\n((?:(?: {4}.*)?\n)*(?: {4}.*)(?=\n|$))", text):
                source = re.sub(r"^ {4}", "", block, flags=re.MULTILINE)
                if before.endswith("::") or re.search(r"^(import|from) stepsize", source, re.MULTILINE):
                    found.append(source)
    return found


def run_docstring_example(path: Path, source: str) -> bool:
    """Runs it with the names of its module; False where a framework is not there."""
    module = ".".join(path.relative_to(ROOT / "bindings/python/src").with_suffix("").parts).removesuffix(".__init__")
    setup = next((text for word, text in FRAMEWORKS.items() if word in source), "")
    whole = f"{PRELUDE}from {module} import *\n{setup}{source}"
    if not is_runnable(whole):
        return False
    run(whole, tempfile.gettempdir())
    return True


def check_site() -> int:
    """Builds the site, where that is installed, and checks it; returns the number of sites."""
    if not find_spec("mkdocs"):
        print("documents: the site is not built: pip install -r dev/requirements-docs.txt")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        call([sys.executable, str(ROOT / "dev/build_docs.py"), "--output", f"{folder}/site"], folder)
        shots = ROOT / "build/tests/site"
        shots.mkdir(parents=True, exist_ok=True)
        print(call([sys.executable, str(ROOT / "dev/test_site.py"), f"{folder}/site", str(shots)], folder), end="")
    return 1


# A whole program says how it is compiled and run.
WHOLE = r"/\* (\S+): (cc .*?) \*/"


def run_whole_program(source: str) -> str:
    command = re.match(WHOLE, source)
    assert command is not None
    with tempfile.TemporaryDirectory() as folder:
        for name in ("include", "build"):
            (Path(folder) / name).symlink_to(ROOT / name)
        (Path(folder) / command[1]).write_text(source, encoding="utf-8")
        done = subprocess.run(command[2], shell=True, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0 and "learning rate" in done.stdout, done.stdout + done.stderr
        return done.stdout


def check_readme_environment(readme: Path) -> None:
    """The first blocks of the README run where nothing is installed but the package itself."""
    wheel = max((ROOT / "build/wheel").glob("stepsize-*.whl"), default=None, key=lambda path: path.stat().st_mtime)
    if wheel is None:
        print("documents: SKIPPED the environment of the README: there is no build/wheel")
        return
    text = readme.read_text(encoding="utf-8")
    before = text[: text.index("### In PyTorch")]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "build").mkdir()
        python = f"{folder}/build/try/bin/python"
        call([sys.executable, "-m", "venv", "--without-pip", f"{folder}/build/try"], folder)
        pip = [sys.executable, "-m", "pip", "--python", python, "--quiet", "--disable-pip-version-check"]
        call([*pip, "install", "--no-index", str(wheel)], folder)
        for source in re.findall(r"^```python\n(.*?)^```$", before, re.MULTILINE | re.DOTALL):
            call([python, "-c", source], folder)


def main() -> int:
    passed = skipped = 0
    readme = ROOT / "README.md"
    check_readme_environment(readme)
    for page in [readme, *sorted((ROOT / "docs").glob("*.md"))]:
        check_environment(page)
        languages = re.findall(r"^```(\S*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        unknown = set(languages) - {"", "python", "sh", "text", *EXAMPLES}
        assert not unknown, f"{page}: nobody runs blocks of {unknown}"
        for language, files in EXAMPLES.items():
            programs = [path.read_text(encoding="utf-8") for path in ROOT.glob(files)]
            for source in blocks(page, language):
                passed += 1
                if re.match(WHOLE, source):
                    output = run_whole_program(source)
                    assert page != readme or "learning rate 0.0009" in output, output
                    continue
                assert any(source in program for program in programs), f"{page}: not in {files}:\n{source}"
        for language in ("python", "sh"):
            sources = blocks(page, language)
            # The blocks of a tutorial are one program.
            if language == "python" and page.stem.startswith("tutorial-"):
                sources = ["\n".join(sources)] if sources else []
            for source in sources:
                if language == "python" and not is_runnable(source):
                    skipped += 1
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    (Path(folder) / "build").mkdir()
                    if language == "python":
                        run(source, folder)
                    else:
                        check_shell(source, folder)
                passed += 1
    for path in sorted((ROOT / "bindings/python/src/stepsize").rglob("*.py")):
        if path.stem in ADAPTERS:
            continue
        for source in docstring_examples(path):
            has_run = run_docstring_example(path, source)
            passed, skipped = passed + has_run, skipped + (not has_run)
    for block in blocks(ROOT / "docs/schedules.md", ""):
        for text in block.splitlines():
            assert str(stepsize.parse(str(stepsize.parse(text)))) == str(stepsize.parse(text))
            passed += 1
    passed += check_site()
    print(f"documents: {passed} passed, 0 failed, {skipped} skipped for want of a framework")
    return 0


if __name__ == "__main__":
    sys.exit(main())
