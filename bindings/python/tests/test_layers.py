"""Who imports whom in the package, inside functions too: every arrow points down, and there is no circle."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "src/stepsize"

# From the bottom to the top; a module that is not named here is an adapter, at the root of the package.
LAYERS = (
    ("_foreign",),
    ("_plots",),
    ("_core",),
    ("catalogue", "learned", "nmf", "peers"),
    (),  # adapters
    ("cli",),
    ("__init__", "__main__"),
)
ADAPTERS = 4


def name_of(path):
    """The module of a file, as a tuple of names below the package; the package itself is ("__init__",)."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


MODULES = {name_of(path): path for path in ROOT.rglob("*.py")}


def layer(name):
    return next((i for i, heads in enumerate(LAYERS) if name[0] in heads), ADAPTERS)


def is_for_types(node):
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == "TYPE_CHECKING" for part in ast.walk(node.test)
    )


def statements(tree):
    """Every node but those under TYPE_CHECKING."""
    for child in ast.iter_child_nodes(tree):
        if is_for_types(child):
            for other in child.orelse:
                yield other
                yield from statements(other)
        else:
            yield child
            yield from statements(child)


def package_of(name):
    path = MODULES[name]
    return name if path.name == "__init__.py" and name != ("__init__",) else name[:-1]


def known(name):
    """The module or, where it names something in one, that module."""
    while name and name not in MODULES:
        name = name[:-1]
    return name or ("__init__",)


def imports(name, source):
    """The modules of the package that a module imports, by whatever means."""
    package = package_of(name)
    for node in statements(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            words = node.module.split(".") if node.module else []
            base = (*package[: len(package) - node.level + 1], *words)
            for alias in node.names:
                yield known((*base, alias.name))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "stepsize":
            for alias in node.names:
                yield known((*node.module.split(".")[1:], alias.name))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "stepsize":
                    yield known(tuple(alias.name.split(".")[1:]))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "import_module":
            yield from imported_by_text(node, package)


def imported_by_text(call, package):
    """What ``import_module(f"..peers.{name}", __package__)`` may import: every module there where the name is open."""
    assert ast.unparse(call.args[1]) in ("__name__", "__package__"), "expected a name relative to the package"
    text = ast.literal_eval(call.args[0]) if isinstance(call.args[0], ast.Constant) else ast.unparse(call.args[0])[2:-1]
    dots = len(text) - len(text.lstrip("."))
    base = package[: len(package) - dots + 1]
    words = tuple(text.lstrip(".").split("."))
    if words[-1].startswith("{"):
        parent = (*base, *words[:-1])
        yield from (name for name in MODULES if name[:-1] == parent and name != ("__init__",))
    elif (*base, *words) in MODULES:  # the accelerated modules are none
        yield (*base, *words)


GRAPH = {name: {other for other in imports(name, path.read_text()) if other != name} for name, path in MODULES.items()}


def test_the_graph_is_not_empty():
    assert len(MODULES) > 50 and ("_foreign", "library") in GRAPH[("_core", "schedule")]
    assert ("_core", "norms") in GRAPH[("_core", "scheduler")]  # inside a function
    assert ("peers", "pytorch") in GRAPH[("peers",)] & GRAPH[("cli", "convert")]  # by its text


@pytest.mark.parametrize(
    "source, expected",
    [
        ("from .._foreign import abi", {("_foreign", "abi")}),
        ("def f():\n    from .scheduler import Scheduler", {("_core", "scheduler")}),
        ("from . import named", {("_core", "named")}),
        ("from .. import Linear", {("__init__",)}),
        ("import stepsize.torch", {("torch",)}),
        ("from stepsize.peers import pytorch", {("peers", "pytorch")}),
        ('import_module(".named", __package__)', {("_core", "named")}),
        ('import_module(f"..huggingface._{name}", __package__)', set()),
        ('import_module(f"..huggingface.{name}", __package__)', {n for n in MODULES if n[:-1] == ("huggingface",)}),
        ("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from ..torch import Scheduler", set()),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    from ..torch import Scheduler", {("torch",)}),
    ],
)
def test_what_an_import_is(source, expected):
    assert set(imports(("_core", "schedule"), source)) == expected


@pytest.mark.parametrize("name", sorted(MODULES), ids=".".join)
def test_an_arrow_points_down(name):
    up = {other for other in GRAPH[name] if layer(other) > layer(name)}
    assert not up, f"{'.'.join(name)} imports {sorted(map('.'.join, up))} of a higher layer"


def circle(graph):
    """The modules of one circle of imports; an empty list where there is none."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return path[path.index(name) :]
        if name in done:
            return []
        path.append(name)
        for other in sorted(graph.get(name, ())):
            found = visit(other)
            if found:
                return found
        path.pop()
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := visit(name))), [])


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_there_is_no_circle():
    assert not (found := circle(GRAPH)), " imports ".join(map(".".join, found))
