"""``stepsize find`` on logs."""

import json
import math

import pytest
from stepsize import suggest
from stepsize.cli import main
from test_finder import curve


def written(path, rates, losses, form):
    if form == "jsonl":
        lines = [json.dumps({"step": i, "loss": loss, "lr": rate}) for i, (rate, loss) in enumerate(zip(rates, losses))]
    else:
        separator = "\t" if form == "tsv" else ","
        lines = [separator.join(("step", "lr", "loss"))]
        lines += [separator.join(map(repr, (i, rate, loss))) for i, (rate, loss) in enumerate(zip(rates, losses))]
    path.write_text("# a comment\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_find(tmp_path, capsys, form):
    rates, losses = curve(noise=0.02)
    path = written(tmp_path / f"run.{form}", rates, losses, form)
    assert main(["find", path]) == 0
    out, err = capsys.readouterr()
    assert out == f"{suggest(rates, losses):.6g}\n"
    assert err.splitlines() == [
        f"{method}: {suggest(rates, losses, method):.6g}" for method in ("steepest", "valley", "minimum")
    ]
    assert main(["find", path, "--method", "valley", "--smoothing", "0"]) == 0
    assert capsys.readouterr()[0] == f"{suggest(rates, losses, 'valley', smoothing=0):.6g}\n"


def test_columns(tmp_path, capsys):
    rates, losses = curve()
    path = tmp_path / "log.jsonl"
    lines = [json.dumps({"eta": rate, "L": loss}) for rate, loss in zip(rates, losses)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert main(["find", str(path), "--rate", "eta", "--loss", "L"]) == 0
    assert capsys.readouterr()[0] == f"{suggest(rates, losses):.6g}\n"
    assert main(["find", str(path)]) == 2
    assert capsys.readouterr()[1].strip().endswith("rate = None, expected one of 'eta', 'L'")


@pytest.mark.parametrize(("text", "message"), [
    ("", "it is empty"),
    ("lr,loss\n1e-3,2\n1e-2,high\n", "row 2 has no number as 'loss'"),
    ('{"lr": 1, "loss": 2}\n{"lr": 2}\n', "row 2 has no number as 'loss'"),
    ('{"lr": 1, "loss": 2}\n[]\n', "line 2 is not an object"),
    ('{"lr": 1, "loss"\n', "line 1 is not JSON"),
    ("lr,loss\n2,2\n1,1\n", "rate = 1, expected a finite number > 2"),
    ("lr,loss\n1,2\n2,1\n", "too few losses"),
])  # fmt: skip
def test_refused(tmp_path, capsys, text, message):
    path = tmp_path / "log"
    path.write_text(text, encoding="utf-8")
    assert main(["find", str(path)]) == 2
    assert message in capsys.readouterr()[1]


def test_a_loss_that_is_missing_ends_it(tmp_path, capsys):
    rates, losses = curve()
    path = written(tmp_path / "log.jsonl", rates, [*losses[:90], math.nan, *losses[91:]], "jsonl")
    assert main(["find", path]) == 0
    assert capsys.readouterr()[0] == f"{suggest(rates[:90], losses[:90]):.6g}\n"


def test_plot(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = written(tmp_path / "log.csv", *curve(noise=0.02), "csv")
    picture = tmp_path / "log.png"
    assert main(["find", path, "--plot", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["find", path, "--plot", "log.doc"]) == 2
