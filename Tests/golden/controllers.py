#!/usr/bin/env python3
"""Golden traces of controllers: the losses of a short run, the rate and the decision after each, and the rule in words.

    python3 controllers.py            write controllers.txt
    python3 controllers.py --check    run again, compare with the committed file, status 1 if they differ

Shares nothing with the library: the rules stand in controller_rules.py. Where transformers and torch are installed,
--check runs their own GreedyLR and ReduceLROnPlateau on the traces that are theirs, too.
"""

import sys
from pathlib import Path

from controller_rules import (
    NEVER,
    Auto,
    DAdaptation,
    DoG,
    EarlyStop,
    Greedy,
    Hypergradient,
    LineSearch,
    Plateau,
    Polyak,
    inf,
    nan,
)

TABLE = Path(__file__).with_name("controllers.txt")


def linear(total):
    return lambda step: max(0.0, (total - step) / total)


def word(value):
    return f'"{value}"' if isinstance(value, str) else "none" if value is NEVER else str(value).lower()


def run(kind, positional, options, base, schedule, losses):
    """Rows (loss, rate, decision); a loss None is an update without one, a tuple another call and its arguments."""
    make = {"greedy": Greedy, "plateau": Plateau, "early_stop": EarlyStop, "hypergradient": Hypergradient,
            "line_search": LineSearch, "dog": DoG, "dadapt": DAdaptation, "polyak": Polyak,
            "auto": Auto}[kind]  # fmt: skip
    controller = make(base, *(() if kind == "early_stop" else positional), **options)
    rate, decision, ended, rows, step = base, "none", None, [], 0
    for update, loss in enumerate(losses):
        if isinstance(loss, dict):
            controller.multiplier = schedule(step) if schedule else 1.0
            rate, decision = controller.observe_scalars(**loss)
            rows.append((loss, rate * controller.multiplier, decision))
            continue
        if isinstance(loss, tuple):
            call, *arguments = loss
            rate, decision, *outcome = getattr(controller, call)(*arguments)
            rows.append((loss + tuple(outcome), rate, decision))
            continue
        if loss is not None:
            rate, decision = controller.observe(loss, rate)
        if kind == "early_stop" and controller.stopped and ended is None:
            ended = update + 1
        step += 1
        if kind == "early_stop":  # 1 in the phase that can be ended, then the schedule
            rows.append((loss, base * (1.0 if ended is None else schedule(step - ended)), decision))
        else:
            rows.append((loss, rate * (schedule(step) if schedule else 1.0), decision))
    return rows


WORSE = [1.0] + [2.0] * 13
FALL = [10.0, 9.0, 8.0, 7.0, 6.0, 5.0]
GAP = [1.0, nan, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
THEIRS = ("huggingface",)


def observed(*gradients):
    """Before each update the dot product of its gradient with the last one, and the product of the norms."""
    return [call for gradient in gradients for call in (("observe_gradient", *gradient), None)]


def searched(*searches):
    """For each update the loss and the squared norm of the gradient, then the loss after each trial."""
    return [call for loss, squared, trials in searches
            for call in (("propose", loss, squared), *(("report", trial) for trial in trials), None)]


def scalars(names, *updates):
    """Before each update the numbers of that names."""
    return [call for numbers in updates for call in (dict(zip(names.split(), numbers, strict=True)), None)]


HALF = {"patience": 1, "min_lr": 0.05, "factor": 0.5, "reset_start": 2}
RAW = {"patience": 0, "smooth": False}
FLAT = [1.0] * 12
RISE = ("table([0, 0.5, 1])", lambda step: min(1.0, step / 2))

# name, rule, kind, positional and named parameters, base rate, (text, function) of a schedule, losses
TRACES = [
    ("A", "More than patience losses in a row that are no better cut the rate; the second cut at the lower bound "
     "(reset_start) starts everything anew from the base rate.", "greedy", THEIRS, HALF, 0.1, None, WORSE),
    ("B", "The cooldown ignores the two losses after each cut, and as transformers has it, also after a reset.",
     "greedy", THEIRS, {**HALF, "cooldown": 2}, 0.1, None, WORSE),
    ("C", "The warmup ignores the three losses after a raise, however good.", "greedy", THEIRS,
     {"patience": 1, "warmup": 3}, 0.1, None, FALL),
    ("C, max", "A metric to be maximised is the same with its sign changed.", "greedy", THEIRS,
     {"mode": "max", "patience": 1, "warmup": 3}, 0.1, None, [-loss for loss in FALL]),
    ("D", "A NaN is one bad loss: it ends the run of good ones.", "greedy", THEIRS, {"patience": 1, "min_lr": 1e-6},
     0.1, None, GAP[:5]),
    ("E", "In transformers' running sum a NaN stays for ever: every smoothed loss after it is bad.", "greedy", THEIRS,
     {"patience": 1, "min_lr": 1e-6, "smooth": True, "window": 2}, 0.1, None, GAP),
    ("E, mended", "In the default variant a NaN is one bad loss and enters no mean.", "greedy", (),
     {"patience": 1, "window": 2}, 0.1, None, GAP),
    ("bounds", "A tenth and ten times the base rate are reached exactly; the third cut at the lower one starts anew; "
     "what is not finite is a bad loss, and minus infinity never the best.", "greedy", (),
     {**RAW, "factor": 0.5, "reset_start": 3}, 1.0, None,
     [1.0, 2.0, 2.0, nan, inf, 2.0, 2.0, 2.0, -1.0, -2.0, -3.0, -4.0, -5.0, -inf]),
    ("no reset", "Without a reset the rate stays at its lower bound.", "greedy", (),
     {**RAW, "factor": 0.5, "reset_start": NEVER}, 1.0, None, [1.0] + [2.0] * 8),
    ("window", "The mean of the window is exact, and forgets what leaves it, however large.", "greedy", (),
     {"patience": 0, "factor": 0.5, "window": 2}, 1.0, None, [4.0, 2.0, 1e300, 2.0, 0.5, 0.5]),
    ("no cooldown after a reset", "The loss after a reset counts.", "greedy", (),
     {**RAW, "factor": 0.5, "cooldown": 3, "min_lr": 0.05, "max_lr": 1.0, "reset_start": 1}, 0.1, None,
     [nan, 1.0, 0.5, 0.7, 0.4]),
    ("max", "The default variant, for a metric to be maximised.", "greedy", (), {"mode": "max", **RAW}, 0.1, None,
     [0.1, 0.2, 0.3, 0.2, 0.1]),
    ("decisions", "Patience, cooldown and warm-up in turn, between bounds.", "greedy", (),
     {"factor": 0.5, "patience": 1, "cooldown": 1, "warmup": 1, "smooth": False, "min_lr": 0.5, "max_lr": 2.0,
      "reset_start": 2}, 1.0, None, [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, *[9.0] * 9]),
    ("in a row", "One good loss ends a run of bad ones, and a NaN one of good ones.", "greedy", (),
     {"factor": 0.5, "patience": 1, "cooldown": 1, "warmup": 1, "smooth": False, "min_lr": 0.001}, 1.0, None,
     [9.0, 8.0, 8.0, 7.0, 7.0, 9.0, 9.0, nan, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0]),
    ("advance", "An update without a loss is no observation: nothing is counted and nothing moves.", "greedy", (),
     {**RAW, "factor": 0.5}, 1.0, None, [3.0, None, 2.0, None, None, 4.0, None]),
    ("paper", "Each loss is compared with the one before it; the first has none; an equal one is no better.", "greedy",
     ("paper",), {"factor": 0.5}, 1.0, None, [5.0, 4.0, 6.0, 5.5, 5.5, nan, 5.0]),
    ("paper, bounds", "From a tenth to ten times the base rate, as everywhere but in transformers.", "greedy",
     ("paper",), {"factor": 0.5}, 1.0, None, [0.0, -1.0, -2.0, -3.0, -4.0, -5.0, 1.0, 2.0]),
    ("with a schedule", "The controller moves the base rate and the schedule multiplies it.", "greedy", (), RAW, 0.1,
     ("linear(4)", linear(4)), [4.0, 3.0, 2.0, 3.0]),
    ("counting as PyTorch", "The loss after patience bad ones cuts.", "plateau", (), {"factor": 0.5, "patience": 2},
     1.0, None, FLAT),
    ("counting as Keras", "The last of patience bad losses cuts.", "plateau", ("keras",),
     {"factor": 0.5, "patience": 2}, 1.0, None, FLAT),
    ("counting as optax", "The last of patience bad losses cuts.", "plateau", ("optax",),
     {"factor": 0.5, "patience": 2}, 1.0, None, FLAT),
    ("cooldown of PyTorch", "A cooldown of 1 leaves one loss out of the count.", "plateau", (),
     {"factor": 0.5, "patience": 2, "cooldown": 1}, 1.0, None, FLAT),
    ("cooldown of Keras", "The first loss after a cooldown of n is its n-th: a cooldown of 1 changes nothing.",
     "plateau", ("keras",), {"factor": 0.5, "patience": 2, "cooldown": 1}, 1.0, None, FLAT),
    ("cooldown of optax", "A cooldown of 1 leaves one loss out of the count.", "plateau", ("optax",),
     {"factor": 0.5, "patience": 2, "cooldown": 1}, 1.0, None, FLAT),
    ("patience 0 of PyTorch", "Every bad loss cuts.", "plateau", (), {"factor": 0.5, "patience": 0}, 1.0, None,
     [1.0] * 4),
    ("patience 0 of Keras", "Every bad loss cuts.", "plateau", ("keras",), {"factor": 0.5, "patience": 0}, 1.0, None,
     [1.0] * 4),
    ("patience 0 of optax", "optax cuts on what improves, and never on what does not.", "plateau", ("optax",),
     {"factor": 0.5, "patience": 0}, 1.0, None, [1.0, 1.0, 0.5, 1.0]),
    ("plateau, not finite", "What is not finite is a bad loss and never the best.", "plateau", (),
     {"factor": 0.5, "patience": 1}, 1.0, None, [1.0, nan, -inf, 0.9, 0.8]),
    ("accumulation", "The mean of three losses is one observation.", "plateau", ("optax",),
     {"factor": 0.5, "patience": 1, "accumulation": 3}, 1.0, None, [1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 0.0, 0.0, 0.0]),
    ("plateau, bound", "The rate comes to its lower bound and is held there.", "plateau", (),
     {"factor": 0.5, "patience": 0, "min_lr": 0.4}, 1.0, None, [1.0] * 5),
    ("plateau, decisions", "Patience and cooldown in turn.", "plateau", (),
     {"factor": 0.5, "patience": 1, "cooldown": 2, "min_lr": 0.4}, 1.0, None, [1.0] * 9),
    ("plateau with a schedule", "Which PyTorch refuses.", "plateau", (), {"factor": 0.5, "patience": 0}, 1.0,
     ("linear(10)", linear(10)), [1.0, 1.0, 1.0]),
    ("plateau, negative metric", "A relative threshold is below the best metric for a negative one, too.",
     "plateau", (), {"factor": 0.5, "patience": 1, "threshold": 0.25}, 1.0, None,
     [1.0, -1.0, -1.0, -1.25, -1.5, -1.5, -1.5]),
    ("plateau, negative metric to be maximised", "It is above the best one then.", "plateau", (),
     {"factor": 0.5, "patience": 1, "mode": "max", "threshold": 0.25}, 1.0, None,
     [-2.0, -2.0, -1.75, -1.0, -1.0, -0.75, -0.5, 0.5, 0.5]),
    ("negative metric of PyTorch",
     "The threshold is above the best one: all are better, and worse ones become the best.", "plateau", ("pytorch",),
     {"factor": 0.5, "patience": 1, "threshold": 0.25}, 1.0, None, [-1.0, -1.0, -0.8, -0.7, -0.5, -0.5, -0.5]),
    ("negative metric of optax", "As PyTorch's.", "plateau", ("optax",),
     {"factor": 0.5, "patience": 1, "threshold": 0.25}, 1.0, None, [-1.0, -1.0, -0.8, -0.7, -0.5]),
    ("negative metric of Keras", "A threshold that is a difference has no sign.", "plateau", ("keras",),
     {"factor": 0.5, "patience": 1, "threshold": 0.25}, 1.0, None, [-1.0, -1.0, -1.5, -1.5]),
    ("early_stop", "Two losses in a row that do not improve on the phase's best end the phase: the schedule continues "
     "with the next one.", "early_stop", ("main",), {"patience": 2, "threshold": 0.1}, 1.0,
     ('(constant(9, phase="main") >> linear(4, phase="anneal"))', linear(4)), [3.0, 2.0, 1.9, 1.0, 0.99, 0.98, 0.5,
                                                                             0.4]),
    ("early_stop, not finite", "What is not finite is a bad loss and never the best.", "early_stop", ("main",),
     {"patience": 3, "threshold": 0.1}, 1.0, ('(constant(9, phase="main") >> linear(4, phase="anneal"))', linear(4)),
     [3.0, nan, -inf, 1.0, nan, inf, -inf, 0.5]),
    ("early_stop, window", "The mean of two losses is compared.", "early_stop", ("main",),
     {"patience": 2, "threshold": 0.1, "window": 2}, 1.0,
     ('(constant(9, phase="main") >> linear(4, phase="anneal"))', linear(4)), [4.0, 1.0, 4.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
    ("hypergradient", "The rate moves by beta times the dot product of the gradient with the previous update; the "
     "first one has none.", "hypergradient", (), {"beta": 0.01}, 0.1, None,
     observed((0.0,), (2.0,), (1.0,), (-4.0,), (0.0,))),
    ("hypergradient, bounds", "The rate stays in [base/1000, 1000 base] and leaves a bound at once.", "hypergradient",
     (), {"beta": 1.0}, 0.1, None, observed((-5.0,), (-1.0,), (0.5,), (1e9,), (1.0,), (-1.0,))),
    ("hypergradient, not finite", "A dot product that is not finite changes nothing.", "hypergradient", (),
     {"beta": 0.01}, 0.1, None, observed((1.0,), (nan,), (inf,), (-inf,), (1.0,))),
    ("hypergradient, multiplicative", "The rate is multiplied by 1 + beta times the cosine, whatever the scale of the "
     "gradients; a cosine beyond 1 counts as 1, and norms of 0 change nothing.", "hypergradient", ("multiplicative",),
     {"beta": 0.5}, 0.1, None,
     observed((0.0, 0.0), (2.0, 4.0), (2e9, 4e9), (9.0, 4.0), (-9.0, 4.0), (1.0, 0.0), (1.0, inf), (nan, 1.0))),
    ("line search", "The first trial is the last accepted rate times gamma; each one without enough decrease is halved "
     "until the loss is at most f - c rate |g|^2.", "line_search", (),
     {"c": 0.5, "backtrack": 0.5, "batches_per_epoch": 1}, 1.0, None,
     searched((8.0, 4.0, [9.0, 7.0, 7.0]), (7.0, 4.0, [5.0]), (5.0, 1.0, [4.75, 4.5]))),
    ("line search, previous", "The first trial is the last accepted rate; a loss that is not finite is rejected.",
     "line_search", (), {"c": 0.5, "backtrack": 0.5, "reset": "previous", "batches_per_epoch": 1}, 1.0, None,
     searched((8.0, 4.0, [nan, inf, 0.0]), (7.0, 4.0, [-inf, 6.75]), (6.5, 4.0, [6.0]))),
    ("line search, initial", "Every search starts from the base rate.", "line_search", (),
     {"c": 0.5, "backtrack": 0.5, "reset": "initial", "batches_per_epoch": 1}, 1.0, None,
     searched((8.0, 4.0, [9.0, 7.0]), (7.0, 4.0, [5.0]), (7.0, 4.0, [9.0, 6.0]))),
    ("line search, out of trials", "When all trials have failed the step is made with the lowest rate, 1e-6 base; the "
     "next search starts from where the last one ended.", "line_search", (),
     {"c": 0.5, "backtrack": 0.5, "batches_per_epoch": 1, "max_trials": 2}, 1.0, None,
     searched((8.0, 4.0, [9.0, 9.0]), (8.0, 4.0, [0.0]))),
    ("line search, upper bound", "No trial is above 10 times the base rate.", "line_search", (),
     {"c": 0.5, "backtrack": 0.5, "batches_per_epoch": 1}, 1.0, None,
     searched(*[(8.0, 0.25, [0.0])] * 5)),
    ("line search, no gradient", "A gradient of 0 is accepted without a test, and the rate does not change.",
     "line_search", (), {"backtrack": 0.5, "batches_per_epoch": 1}, 1.0, None,
     searched((8.0, 4.0, [0.0]), (8.0, 0.0, [8.0]), (8.0, 4.0, [0.0]))),
    ("line search, not finite", "Where loss or gradient is not finite the search fails at once with the lowest rate, "
     "and the next one starts as if it had not happened.", "line_search", (),
     {"backtrack": 0.5, "batches_per_epoch": 1}, 1.0, None,
     searched((8.0, 4.0, [0.0]), (nan, 4.0, [0.0]), (8.0, inf, [0.0]), (8.0, 4.0, [0.0]))),
    ("dog", "Before the first observation the rate is 0. Then it is the largest distance from the start so far, at "
     "first "
     "r (1 + |x0|), over the root of the sum of the squared norms and eps.", "dog", (), {"r": 0.001}, 1.0, None,
     scalars("grad_norm distance start_norm", (3.0, 0.0, 9.0), (4.0, 0.006, 9.0), (2.0, 0.5, 9.0), (1.0, 0.25, 9.0))),
    ("dog, first rate", "The first rate is the given one, and stays so as long as nothing has moved.", "dog", (),
     {"init_lr": 0.125}, 2.0, RISE,
     scalars("grad_norm distance", (3.0, 0.0), (4.0, 0.0), (2.0, 0.5))),
    ("dog, not finite", "What is not finite changes nothing, and norms are not added; a gradient of 0 adds nothing; "
     "the "
     "bound holds.", "dog", (), {"r": 0.5, "eps": 0.25, "max_lr": 0.25}, 1.0, None,
     scalars("grad_norm distance start_norm", (nan, 0.0, 1.0), (0.0, 0.0, 1.0), (2.0, inf, 1.0), (4.0, 0.0, 1.0),
             (1.0, 3.0, 1.0))),
    ("dadapt", "The rate is the estimate d over the norm of the first gradient that is not 0; it rises by what this "
     "update shows, in the next one.", "dadapt", (), {"d0": 0.125}, 1.0, None,
     scalars("grad_norm distance dot_start", (0.0, 0.0, 0.0), (2.0, 0.0, 0.0), (2.0, 0.125, 0.25), (1.5, 0.5, 0.75),
             (1.0, 1.0, -1.0), (nan, 1.0, 1.0), (1.0, 2.0, 4.0))),
    ("dadapt, growth and schedule", "The estimate grows by no more than the given factor, and not by an update "
     "whose rate "
     "the schedule makes 0.", "dadapt", (), {"d0": 0.125, "growth": 1.5}, 2.0,
     RISE,
     scalars("grad_norm distance dot_start", (2.0, 0.0, 0.0), (2.0, 0.0, 0.0), (2.0, 0.125, 8.0), (2.0, 0.25, 8.0))),
    ("polyak, sps", "The loss over its lower bound, over c |g|^2, at most max_lr; a loss below a given bound makes "
     "it 0, a gradient of 0 keeps it.", "polyak", ("sps",), {"lower_bound": 0.5, "max_lr": 4.0}, 1.0, None,
     scalars("loss grad_norm", (2.5, 2.0), (2.5, 0.0), (1.5, 0.25), (1.25, 0.125), (0.25, 1.0), (nan, 1.0),
             (1.0, 1.0))),
    ("polyak, growth", "The rate grows by no more than the given factor in an update.", "polyak", ("sps",),
     {"growth": 1.5}, 0.5, None, scalars("loss grad_norm", (1.0, 4.0), (1.0, 1.0), (1.0, 1.0), (1.0, 8.0))),
    ("polyak, averages", "Loss and size of the gradient are averaged, from the first on; for Adam the size is "
     "sqrt(pi/2) times the sum of absolute values.", "polyak", (), {"norm": "l1", "average": 0.75, "align": 0.0}, 1.0,
     None, scalars("loss grad_l1", (2.0, 8.0), (1.0, 4.0), (1.0, 16.0), (0.5, 2.0))),
    ("polyak, aligned", "As long as the gradient goes the way of the last update, the rate rises; where it turns "
     "back, it falls; the first update has none before it.", "polyak", (), {}, 1.0, None,
     scalars("loss grad_norm dot_update update_norm", (2.0, 2.0, 0.0, 0.0), (2.0, 2.0, -1.0, 1.0),
             (2.0, 2.0, -0.5, 1.0), (2.0, 2.0, 1.5, 1.0), (2.0, 2.0, 0.5, 0.5), (2.0, 0.0, 0.0, 0.5),
             (2.0, 2.0, -0.25, 1.0))),
    ("polyak, until", "From update 2 on the correction is kept.", "polyak", (), {"until": 2, "align": 4.0}, 1.0, None,
     scalars("loss grad_norm dot_update update_norm", (2.0, 2.0, 0.0, 0.0), (2.0, 2.0, -1.0, 1.0), (2.0, 2.0, 1.0, 1.0),
             (2.0, 2.0, 1.0, 1.0))),
    ("polyak, diverging", "A loss above 1.3 times the first one cuts the rate to exp(-1.2) of itself, and not again "
     "within ten updates.", "polyak", (), {"target": 0.0}, 1.0, None,
     scalars("loss grad_norm dot_update update_norm", (2.0, 2.0, 0.0, 0.0),
             *[(2.0 + k, 2.0, 0.0, 1.0) for k in range(12)])),
    ("polyak, momo", "The average of the loss, minus that of g.x, plus d.x, over |d|^2, at most the base rate.",
     "polyak", ("momo",), {"average": 0.5}, 0.5, None,
     scalars("loss dot_x mean_norm mean_dot_x", (2.0, 1.0, 4.0, 1.0), (1.5, 0.5, 2.0, 0.5), (1.0, 0.75, 4.0, 0.25),
             (0.5, 2.0, 4.0, 0.25), (0.5, 0.5, 0.0, 0.25))),
    ("polyak, lower bound", "The lower bound is the last value of the model along its step, and half of what is "
     "below it.",
     "polyak", ("momo",), {"average": 0.5, "adapt": True}, 4.0, None,
     scalars("loss dot_x mean_norm mean_dot_x", (2.0, 1.0, 2.0, 1.0), (1.5, 0.5, 2.0, 0.5), (0.5, 0.75, 4.0, 0.25),
             (0.25, 0.5, 4.0, 0.25))),
    ("auto, adam", "Polyak's step times exp(b + 0.7 m), a rise over a fiftieth of the run and a fall to 0; m follows "
     "the efficiency in the first half, b the alignment in the first third; no cut where the loss is high.",
     "auto", (12,), {}, 1.0, None,
     scalars("loss grad_l1 grad_norm dot_update update_norm", (2.0, 8.0, 2.0, 0.0, 0.0), (3.0, 8.0, 2.0, 1.5, 1.0),
             (1.5, 6.0, 2.0, -1.0, 1.0), (1.0, 6.0, 1.5, -0.5, 0.5), (0.75, 4.0, 1.0, 0.25, 0.5),
             (nan, 4.0, 1.0, 0.25, 0.5), (0.5, 4.0, 1.0, -0.25, 0.25), (0.5, 4.0, 1.0, -0.25, 0.25),
             (0.25, 2.0, 0.5, -0.125, 0.25), (0.25, 0.0, 0.0, 0.0, 0.25), (0.25, 2.0, 0.5, -0.125, 0.25),
             (0.125, 2.0, 0.5, -0.125, 0.25), (0.125, 2.0, 0.5, -0.125, 0.25))),
    ("auto, sgd", "For SGD with momentum m the size is |g|^2 / (1 - m); the bounds hold.", "auto", (8, "sgd"),
     {"momentum": 0.75, "lower_bound": -1.0, "max_lr": 0.2}, 2.0, None,
     scalars("loss grad_norm dot_update update_norm", (1.0, 2.0, 0.0, 0.0), (0.5, 2.0, -0.5, 1.0),
             (-0.5, 1.0, -0.25, 0.5), (-0.75, 0.5, -0.25, 0.5), (-2.0, 0.5, 0.125, 0.5))),
    ("auto, without a length", "No fall; a rise over 20 updates; the correction goes on.", "auto", (), {}, 1.0, None,
     scalars("loss grad_l1 grad_norm dot_update update_norm", (2.0, 8.0, 2.0, 0.0, 0.0),
             *[(2.0 - k / 16, 8.0, 2.0, -1.0, 0.5) for k in range(24)])),
]  # fmt: skip


def text_of(kind, positional, options, schedule):
    parts = [word(value) for value in positional] + [f"{name}={word(value)}" for name, value in options.items()]
    return f"{kind}({', '.join(parts)})" + (f" * {schedule[0]}" if schedule else "")


def call_of(loss):
    """A loss; "-" for an update without one; another call with its arguments, and the outcome of a trial."""
    if isinstance(loss, dict):
        return ":".join(["observe", *(f"{name}={value!r}" for name, value in loss.items())])
    if isinstance(loss, tuple):
        return ":".join(value if isinstance(value, str) else repr(value) for value in loss)
    return "-" if loss is None else repr(loss)


def table():
    lines = ["# Traces of controllers, made by controllers.py; README.md says how to read them."]
    for name, rule, kind, positional, options, base, schedule, losses in TRACES:
        lines += ["", f"= {name}", f"# {rule}", f"scheduler\t{text_of(kind, positional, options, schedule)}"]
        lines.append(f"base\t{base!r}")
        for loss, rate, decision in run(kind, positional, options, base, schedule and schedule[1], losses):
            lines.append(f"{call_of(loss)}\t{rate!r}\t{decision}")
    return "\n".join(lines) + "\n"


def check_with_peers():
    """How many traces their own classes gave, too."""
    try:
        import torch
        from transformers.optimization import GreedyLR
    except ImportError:
        return 0
    checked = 0
    for name, _, kind, positional, options, base, schedule, losses in TRACES:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
        if positional == THEIRS:
            theirs = GreedyLR(optimizer, **{"window_size" if k == "window" else k: v for k, v in options.items()})
        elif kind == "plateau" and not schedule and -inf not in losses and (
            positional == ("pytorch",) or not positional and "negative" not in name
        ):
            theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        else:
            continue
        for loss, rate, _ in run(kind, positional, options, base, None, losses):
            theirs.step(loss)
            assert optimizer.param_groups[0]["lr"] == rate, f"{name}: {type(theirs).__name__} differs"
        checked += 1
    return checked


def main():
    if "--check" not in sys.argv:
        TABLE.write_text(table(), encoding="utf-8")
        return 0
    if TABLE.read_text(encoding="utf-8") != table():
        print(f"{TABLE.name} is stale: run {sys.argv[0]}", file=sys.stderr)
        return 1
    print(f"{TABLE.name}: {len(TRACES)} traces, {check_with_peers()} of them checked with transformers and torch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
