"""stepsize.Finder, and its suggestions against those of fastai, Lightning and torch-lr-finder, restated here."""

import math
import pickle
import random

import pytest
import stepsize as st
from stepsize import Finder, StepsizeError, suggest

METHODS = ("halfway", "steepest", "valley", "minimum")


def curve(count=100, noise=0.0, seed=0):
    """Rates, and losses that are level, fall around 1e-3, and rise from 1 on."""
    random.seed(seed)
    rates = [10 ** (-7 + 8 * i / (count - 1)) for i in range(count)]
    losses = [
        0.5 + 1.8 / (1 + (rate / 1e-3) ** 1.5) + max(0, math.log10(rate)) ** 2 * 4 + random.gauss(0, noise)
        for rate in rates
    ]
    return rates, losses


def smoothed(losses, keep=0.98):
    """Of fastai and Lightning: a mean that is divided by the weight it has so far."""
    average, found = 0.0, []
    for n, loss in enumerate(losses, 1):
        average = keep * average + (1 - keep) * loss
        found.append(average / (1 - keep**n))
    return found


def fastai_valley(rates, losses):
    n = len(losses)
    longest, max_start, max_end = [1] * n, 0, 0
    for i in range(1, n):
        for j in range(i):
            if losses[i] < losses[j] and longest[i] < longest[j] + 1:
                longest[i] = longest[j] + 1
            if longest[max_end] < longest[i]:
                max_end = i
                max_start = max_end - longest[max_end]
    sections = (max_end - max_start) / 3
    return rates[max_start + int(sections) + int(sections / 2)]


def gradient(losses):
    """numpy.gradient: central differences, one-sided at the ends."""
    inner = [(losses[i + 1] - losses[i - 1]) / 2 for i in range(1, len(losses) - 1)]
    return [losses[1] - losses[0], *inner, losses[-1] - losses[-2]]


def steepest_by_place(rates, losses):
    """torch-lr-finder, and Lightning before 2.6."""
    slopes = gradient(losses)
    return rates[slopes.index(min(slopes))]


def minimum_over_ten(rates, losses):
    return rates[losses.index(min(losses))] / 10


@pytest.mark.parametrize("noise", [0, 0.02, 0.1, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_as_the_peers(noise, seed):
    rates, losses = curve(noise=noise, seed=seed)
    # fastai suggests by the smoothed losses without the first tenth; so do we.
    averages = smoothed(losses)
    for kept, values, options in ((rates[10:], averages[10:], {}), (rates, losses, {"smoothing": 0})):
        for method, peer in (
            ("valley", fastai_valley), ("steepest", steepest_by_place), ("minimum", minimum_over_ten),
        ):  # fmt: skip
            theirs = peer(kept, values)
            try:
                ours = suggest(rates, losses, method, **options)
            except StepsizeError:
                # At an end of the range, which need not be where the loss falls most.
                assert method == "steepest" and theirs in (kept[0], kept[-1])
            else:
                assert ours == pytest.approx(theirs, rel=1e-12), method


def test_lightning():
    """On Lightning's own object. Its slope was by place, as ours for rates that rise geometrically; in 2.6 it is by the
    rate itself, which overrates the low ones a million times."""
    module = pytest.importorskip("lightning.pytorch.tuner.lr_finder")
    torch = pytest.importorskip("torch")
    rates, losses = curve(noise=0.02)
    averages = smoothed(losses)
    found = module._LRFinder("exponential", 1e-7, 10, 100)
    found.results = {"lr": rates, "loss": averages}
    theirs = found.suggestion()
    by_place = rates[10 + torch.argmin(torch.gradient(torch.tensor(averages[10:-1]))[0]).item()]
    assert suggest(rates, losses, "steepest") == pytest.approx(by_place)
    by_rate = torch.gradient(torch.tensor(averages[10:-1]), spacing=[torch.tensor(rates[10:-1])])[0]
    assert theirs in (pytest.approx(by_place), pytest.approx(rates[10 + torch.argmin(by_rate).item()]))


def test_smoothing_is_that_of_the_peers():
    finder = Finder(divergence=math.inf)
    losses = curve(noise=0.3)[1]
    for loss in losses:
        finder.tell(loss)
    assert list(finder.smoothed) == pytest.approx(smoothed(losses), rel=1e-12)
    assert list(finder.losses) == losses


def test_noise():
    """What the halfway is for: it stays where it is while the others wander by decades."""
    found = {method: [] for method in METHODS}
    for seed in range(50):
        rates, losses = curve(noise=0.3, seed=seed)
        for method, rate in st._core.finder.told(rates, losses, smoothing=0).suggestions.items():
            found[method] += [] if rate is None else [math.log10(rate)]
    spread = {method: max(values) - min(values) for method, values in found.items()}
    assert spread["halfway"] < 1
    assert spread["steepest"] > 3
    # Some of them show little more than noise.
    assert len(found["halfway"]) >= 40
    assert sum(found["halfway"]) / len(found["halfway"]) == pytest.approx(-3, abs=0.15)


def test_ask_and_tell():
    finder = Finder(1e-5, 1e-1, 5)
    assert finder.stop_reason is None
    asked = []
    for lr in finder:
        assert lr == finder.rate
        asked.append(lr)
        finder.tell(1 - len(asked) / 10)
    assert asked == pytest.approx([1e-5, 1e-4, 1e-3, 1e-2, 1e-1])
    assert list(finder.rates) == asked and len(finder) == 5
    assert finder.stop_reason == "end" and finder.rate is None and list(finder) == []
    assert repr(finder) == "<Finder: 5 of 5 losses, complete>"
    with pytest.raises(StepsizeError, match="it has stopped"):
        finder.tell(1.0)
    assert Finder(1, 5, 3, spacing="linear").rate == 1


def test_diverges():
    finder = Finder(smoothing=0)
    for loss in (2.0, 1.0, 3.9, 4.1):
        finder.tell(loss)
    assert finder.stop_reason == "diverged" and len(finder) == 4
    finder = Finder()
    finder.tell(math.nan)
    assert finder.stop_reason == "diverged" and len(finder) == 0 and list(finder) == []
    assert finder.suggestions == dict.fromkeys(METHODS)
    with pytest.raises(StepsizeError, match="too few losses"):
        finder.suggest()


@pytest.mark.parametrize(("losses", "reason"), [
    ([1.0] * 5, "too few losses for a suggestion, expected at least 10"),
    ([1.0] * 50, "the loss does not fall"),
    ([i / 10 for i in range(50)], "the loss does not fall"),
    ([-i * i for i in range(50)], "the loss still falls at the last rate, expected a higher end"),
    ([random.Random(i).random() for i in range(100)], "little more than its noise"),
])  # fmt: skip
def test_no_suggestion(losses, reason):
    rates = [1.1**i for i in range(len(losses))]
    with pytest.raises(StepsizeError, match=reason) as caught:
        suggest(rates, losses)
    assert caught.value.status == 40


def test_suggest():
    rates, losses = curve()
    assert suggest(rates, losses) == pytest.approx(1e-3, rel=0.2)
    # What comes after a loss that is not finite does not count.
    assert suggest(rates, [*losses[:80], math.nan, *losses[81:]]) == suggest(rates[:80], losses[:80])
    numpy = pytest.importorskip("numpy")
    assert suggest(numpy.array(rates), numpy.array(losses)) == suggest(rates, losses)
    with pytest.raises(StepsizeError, match="losses: 99 numbers, expected 100, one for each rate"):
        suggest(rates, losses[:99])
    with pytest.raises(StepsizeError, match="rate = 1, expected a finite number > 1"):
        suggest([1.0] * 20, [1.0] * 20)
    with pytest.raises(StepsizeError, match="method = 'best', expected one of 'halfway', 'steepest'"):
        suggest(rates, losses, "best")


def test_refused():
    for arguments in (
        {"start": 0}, {"start": 1, "end": 1}, {"count": 1}, {"count": 2**21}, {"smoothing": 1}, {"divergence": 1},
        {"spacing": "cubic"}, {"start": math.nan}, {"end": math.inf},
    ):  # fmt: skip
        with pytest.raises(StepsizeError):
            Finder(**arguments)
    for arguments in ({"start": "1"}, {"count": 2.5}, {"smoothing": None}):
        with pytest.raises(TypeError):
            Finder(**arguments)
    with pytest.raises(TypeError):
        Finder().tell("low")


def test_defaults_are_those_of_the_library():
    finder = Finder()
    options = finder._options
    assert (options["start"], options["end"], options["count"]) == (1e-7, 10, 100)
    assert (options["smoothing"], options["divergence"], options["spacing"]) == (0.98, 4, "geometric")


@pytest.mark.parametrize("ending", [math.nan, 100.0, None])
def test_pickle(ending):
    finder = Finder(1e-3, 1, 20, smoothing=0.5)
    for loss in (5, 4, 3, 3.5):
        finder.tell(loss)
    if ending is not None:
        finder.tell(ending)
    again = pickle.loads(pickle.dumps(finder))
    assert list(again.smoothed) == list(finder.smoothed) and list(again.rates) == list(finder.rates)
    assert (again.rate, again.stop_reason) == (finder.rate, finder.stop_reason)


def test_plot():
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    rates, losses = curve(noise=0.05)
    finder = st._core.finder.told(rates, losses)
    axes = finder.plot(Figure().add_subplot())
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["loss", "smoothed", f"halfway: {finder.suggest():.3g}"]
    assert axes.get_xscale() == "log" and axes.get_ylim()[1] < 10
    line = axes.get_lines()[-1]
    assert line.get_xdata()[0] == finder.suggest()
    few = Finder()
    few.tell(1.0)
    axes = few.plot(Figure().add_subplot())
    assert axes.get_title().startswith("finder: there are too few losses")
    assert len(Finder().plot(Figure().add_subplot(), method=None).get_lines()) == 2
