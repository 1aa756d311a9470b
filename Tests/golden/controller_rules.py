"""The rules of the controllers, for the golden traces (controllers.py): as the papers, transformers 5, PyTorch, Keras
and optax have them, in the order in which those do their arithmetic. Shares nothing with the library.

`observe(loss, rate)` returns the rate after a loss and the decision. Where a controller takes other calls, its methods
have their names and return the same.
"""

import math
from collections import deque

import mpmath

NEVER = math.inf
nan, inf = math.nan, math.inf


class Best:
    """The metric to beat, in the mode "min"; a metric to be maximised comes with its sign changed."""

    def __init__(self, threshold, relative=False, signed=False):
        self.threshold, self.relative, self.signed, self.value = threshold, relative, signed, inf

    def improves(self, metric):
        margin = self.threshold * self.value if self.relative and self.value < inf else self.threshold
        if not metric < self.value - (margin if self.signed else abs(margin)):
            return False
        self.value = metric
        return True


class Mean:
    """Of the last `window` metrics."""

    def __init__(self, window):
        self.values = deque(maxlen=window)

    def add(self, metric):
        self.values.append(metric)
        return math.fsum(self.values) / len(self.values)


class PoisonedMean(Mean):
    """As transformers has it: a running sum, in which a NaN stays."""

    total = 0.0

    def add(self, metric):
        if len(self.values) == self.values.maxlen:
            self.total -= self.values.popleft()
        self.values.append(metric)
        self.total += metric
        return self.total / len(self.values)


class Greedy:
    def __init__(self, base, variant="default", *, mode="min", factor=0.95, patience=None, threshold=None, cooldown=0,
                 warmup=0, min_lr=None, max_lr=None, eps=1e-8, smooth=None, window=50, reset_start=500):  # fmt: skip
        theirs, paper = variant == "huggingface", variant == "paper"
        self.variant, self.sign, self.factor = variant, 1 if mode == "min" else -1, factor
        self.patience = patience if patience is not None else 0 if paper else 10
        self.threshold = threshold if threshold is not None else 0.0 if paper else 1e-6
        self.cooldown, self.warmup, self.eps = cooldown, warmup, 0.0 if paper else eps
        self.low = min_lr if min_lr is not None else 1e-3 if theirs else base / 10
        self.high = max_lr if max_lr is not None else 1.0 if theirs else 10 * base
        smooth = smooth if smooth is not None else variant == "default"
        self.make_mean = (lambda: (PoisonedMean if theirs else Mean)(window)) if smooth else lambda: None
        self.reset_start = NEVER if paper else reset_start
        self.initial = base
        self.action = "none"
        self.begin()

    def begin(self):
        self.best, self.previous, self.mean = Best(self.threshold), None, self.make_mean()
        self.good = self.bad = self.cooling = self.warming = 0
        self.left = self.reset_start

    def improves(self, metric):
        """True, False, or None where there is nothing to compare with."""
        if self.variant != "paper":
            return self.best.improves(metric)
        previous = self.previous
        if not math.isnan(metric):
            self.previous = metric
        return None if previous is None else metric < previous

    def observe(self, loss, rate):
        metric = self.sign * loss
        if self.variant != "huggingface" and not math.isfinite(metric):
            metric = nan
        elif self.mean:
            metric = self.mean.add(metric)
        if self.cooling > 0 or self.warming > 0:
            self.action = "cooldown" if self.cooling > 0 else "warmup"
            if self.cooling > 0:
                self.cooling -= 1
            else:
                self.warming -= 1
            self.good = self.bad = 0
            return rate, self.action
        improves = self.improves(metric)
        if improves is None:
            return rate, "none"
        self.good, self.bad = (self.good + 1, 0) if improves else (0, self.bad + 1)
        if max(self.good, self.bad) <= self.patience:
            return rate, "patience"
        old, self.action = rate, "bound"
        if improves:
            rate = self.moved(old, min(old / self.factor, self.high), self.high, "raised")
            self.left, self.warming = self.reset_start, self.warmup
        else:
            rate = self.moved(old, max(old * self.factor, self.low), self.low, "cut")
            self.cooling = self.cooldown
            if rate <= self.low and self.left > 1:
                self.left -= 1
            elif rate <= self.low:
                self.begin()
                self.cooling = self.cooldown if self.variant == "huggingface" else 0
                rate, self.action = self.initial, "reset"
        self.good = self.bad = 0
        return rate, self.action

    def moved(self, old, new, bound, word):
        least = self.eps if self.variant == "huggingface" else self.eps * old
        if abs(new - old) > least or (self.variant != "huggingface" and new == bound != old):
            self.action = word
            return new
        return old


class Plateau:
    def __init__(self, base, counting="default", *, mode="min", factor=0.1, patience=10, threshold=1e-4, cooldown=0,
                 min_lr=0.0, eps=None, accumulation=1):  # fmt: skip
        self.sign = 1 if mode == "min" else -1
        self.counting, self.factor, self.patience = counting, factor, patience
        self.cooldown, self.low, self.accumulation = cooldown, min_lr, accumulation
        self.eps = eps if eps is not None else 1e-8 if counting in ("default", "pytorch") else 0.0
        # In their classes the margin has the sign of the metric.
        self.best = Best(threshold * self.sign if counting in ("pytorch", "optax") else threshold,
                         relative=counting != "keras", signed=counting in ("pytorch", "optax"))  # fmt: skip
        self.bad = self.cooling = 0
        self.part = []

    def observe(self, loss, rate):
        self.part.append(loss)
        if len(self.part) < self.accumulation:
            return rate, "patience"
        metric, self.part = sum(self.part) / len(self.part), []
        improves = math.isfinite(metric) and self.best.improves(self.sign * metric)
        return getattr(self, "pytorch" if self.counting == "default" else self.counting)(improves, rate)

    def cut(self, rate):
        self.bad, self.cooling = 0, self.cooldown
        new = max(rate * self.factor, self.low)
        return (new, "cut") if rate - new > self.eps else (rate, "bound")

    def pytorch(self, improves, rate):
        self.bad = 0 if improves else self.bad + 1
        if self.cooling > 0:
            self.cooling, self.bad = self.cooling - 1, 0
            word = "cooldown"
        else:
            word = "patience"
        return self.cut(rate) if self.bad > self.patience else (rate, word)

    def keras(self, improves, rate):
        if self.cooling > 0:
            self.cooling, self.bad = self.cooling - 1, 0
        if improves:
            self.bad = 0
        elif self.cooling == 0:
            self.bad += 1
            if self.bad >= self.patience and rate > self.low:
                return self.cut(rate)
        return rate, "cooldown" if self.cooling > 0 else "patience"

    def optax(self, improves, rate):
        count = 0 if improves else self.bad + 1
        if self.cooling > 0:
            self.cooling, self.bad = self.cooling - 1, 0
            return rate, "cooldown"
        if count == self.patience:
            return self.cut(rate)
        self.bad = count
        return rate, "patience"


class EarlyStop:
    """Ends the phase "main" when the metric has stopped improving: `stopped` says whether it has."""

    def __init__(self, base, *, patience, threshold=1e-3, window=1):
        self.patience, self.best, self.mean = patience, Best(threshold, relative=True), Mean(window)
        self.bad, self.stopped = 0, False

    def observe(self, loss, rate):
        metric = self.mean.add(loss) if math.isfinite(loss) else nan
        self.bad = 0 if self.best.improves(metric) else self.bad + 1
        self.stopped = self.stopped or self.bad >= self.patience
        return rate, "none"


class Hypergradient:
    """base + beta h, or base (1 + beta h/norm) with the quotient in [-1, 1]; in [base/1000, 1000 base]."""

    def __init__(self, base, variant="sgd", *, beta, min_lr=None, max_lr=None):
        self.base, self.beta, self.multiplicative = base, beta, variant == "multiplicative"
        self.low = base / 1000 if min_lr is None else min_lr
        self.high = 1000 * base if max_lr is None else max_lr

    def observe_gradient(self, dot, norm=None):
        old = self.base
        if not math.isfinite(dot) or (self.multiplicative and not (math.isfinite(norm) and norm >= 0)):
            return old, "ignored"
        if not self.multiplicative:
            wanted = old + self.beta * dot
        else:
            wanted = old if norm == 0 else old * (1 + self.beta * min(max(dot / norm, -1.0), 1.0))
        self.base = min(max(wanted, self.low), self.high)
        if self.base != old:
            return self.base, "raised" if self.base > old else "cut"
        return old, "bound" if wanted != old else "kept"


class LineSearch:
    """The first rate with enough decrease: f(x - rate g) <= f(x) - c rate |g|^2. `batches_per_epoch` is 1 here."""

    def __init__(self, base, *, c=0.1, backtrack=0.9, reset="grow", gamma=2.0, batches_per_epoch, max_trials=100,
                 tolerance=1e-8, min_lr=None, max_lr=None):  # fmt: skip
        assert batches_per_epoch == 1
        self.initial = self.previous = self.rate = base
        self.c, self.backtrack, self.reset, self.gamma = c, backtrack, reset, gamma
        self.trials, self.tolerance, self.decision = max_trials, tolerance, "none"
        self.low = base / 1e6 if min_lr is None else min_lr
        self.high = 10 * base if max_lr is None else max_lr

    def propose(self, loss, squared_norm):
        self.loss, self.squared, self.left = loss, squared_norm, self.trials
        self.blind = not (math.isfinite(loss) and math.isfinite(squared_norm))
        self.flat = not self.blind and math.sqrt(squared_norm) < self.tolerance
        start = {"previous": self.previous, "grow": self.previous * self.gamma, "initial": self.initial}[self.reset]
        self.rate = self.low if self.blind else self.previous if self.flat else min(max(start, self.low), self.high)
        return self.rate, self.decision

    def report(self, trial):
        """Also what comes of the trial."""
        if self.blind:
            self.decision = "ignored"
            return self.rate, self.decision, "failed"
        enough = math.isfinite(trial) and trial <= self.loss - self.c * (self.rate * self.squared)
        if self.flat or enough:
            change = self.rate - self.previous
            self.decision = "kept" if change == 0 else "raised" if change > 0 else "cut"
            self.previous = self.rate
            return self.rate, self.decision, "accepted"
        self.left -= 1
        self.rate = min(max(self.rate * self.backtrack, self.low), self.high)
        if self.left > 0:
            return self.rate, self.decision, "retry"
        self.previous, self.rate, self.decision = self.rate, self.low, "cut"
        return self.rate, self.decision, "failed"


class Automatic:
    """What finds the rate by itself: nothing is known before the first observation. `base` is a factor."""

    def __init__(self, base, max_lr):
        self.factor, self.cap, self.rate = base, inf if max_lr is None else max_lr, 0.0
        self.multiplier = 1.0  # of the schedule, for the update that is observed

    def set(self, wanted):
        old, self.rate = self.rate, min(wanted, self.cap)
        if self.rate != old:
            return self.rate, "raised" if self.rate > old else "cut"
        return self.rate, "bound" if wanted > self.rate else "kept"


class DoG(Automatic):
    """r/sqrt(G): r the largest distance from the start so far, G the sum of the squared norms."""

    def __init__(self, base, *, r=1e-6, init_lr=None, eps=1e-8, max_lr=None):
        super().__init__(base, max_lr)
        self.r, self.init_lr, self.sum, self.distance = r, init_lr, eps, None

    def observe_scalars(self, grad_norm, distance, start_norm=0.0):
        if not all(map(math.isfinite, (grad_norm, distance, start_norm))):
            return self.rate, "ignored"
        if self.distance is None:
            self.distance = 0.0 if self.init_lr is not None else self.r * (1 + start_norm)
        self.distance = max(self.distance, distance)
        self.sum += grad_norm * grad_norm
        if self.init_lr is not None and self.distance == 0:
            return self.set(self.factor * self.init_lr)
        return self.set(self.factor * (self.distance / math.sqrt(self.sum)))


class DAdaptation(Automatic):
    """d/|g0|, where d is at least 2 n/|s|: s is the sum of rate times gradient, n that of its products with the
    next."""

    def __init__(self, base, *, d0=1e-6, growth=inf, max_lr=None):
        super().__init__(base, max_lr)
        self.d, self.growth, self.first, self.n = d0, growth, 0.0, 0.0

    def observe_scalars(self, grad_norm, distance, dot_start):
        if not all(map(math.isfinite, (grad_norm, distance, dot_start))):
            return self.rate, "ignored"
        self.first = self.first or grad_norm
        if not self.first:
            return self.rate, "kept"
        found = self.set(self.factor * (self.d / self.first))
        rate = self.rate * self.multiplier
        if rate > 0:
            along, step = rate * dot_start, rate * grad_norm
            squared = distance * distance + 2 * along + step * step
            self.n += along
            self.d = max(self.d, min(2 * self.n / math.sqrt(squared), self.growth * self.d))
        return found


class Polyak(Automatic):
    def __init__(self, base, variant="aligned", *, norm="l2", lower_bound=None, adapt=False, c=None, average=None,
                 align=None, target=0.05, until=inf, growth=inf, max_lr=None):  # fmt: skip
        super().__init__(base, base if max_lr is None and variant == "momo" else max_lr)
        self.momo, self.l1, self.adapt = variant == "momo", norm == "l1", adapt
        self.lowest = self.bound = lower_bound or 0.0
        self.c = c if c is not None else 0.5 if variant == "sps" else 1.0
        self.average = average if average is not None else 0.0 if variant == "sps" else 0.9
        self.align = align if align is not None else 0.1 if variant == "aligned" else 0.0
        self.target, self.until, self.growth = target, until, growth
        self.loss = self.other = None
        self.last = self.exponent = self.square = 0.0
        self.seen = self.wait = self.step = 0
        self.first = None

    def observe_scalars(self, loss, grad_norm=0.0, grad_l1=0.0, dot_update=0.0, update_norm=0.0, dot_x=0.0,
                        mean_norm=0.0, mean_dot_x=0.0):  # fmt: skip
        numbers = (loss, grad_norm, grad_l1, dot_update, update_norm, dot_x, mean_norm, mean_dot_x)
        self.step += 1
        if not all(map(math.isfinite, numbers)):
            return self.rate, "ignored"
        size = dot_x if self.momo else 1.2533141373155003 * grad_l1 if self.l1 else grad_norm * grad_norm
        b = 0.0 if self.loss is None else self.average
        self.loss = b * (self.loss or 0.0) + (1 - b) * loss
        self.other = b * (self.other or 0.0) + (1 - b) * size
        reached = self.loss + mean_dot_x - self.other if self.momo else self.loss
        squared = mean_norm * mean_norm if self.momo else self.other
        if self.align:
            self.correct(loss - self.lowest, dot_update, grad_norm * update_norm)
        if self.adapt and reached < self.bound:
            self.bound = max(reached / 2, self.lowest)
        if not squared:
            return self.rate, "kept"
        wanted = max(reached - self.bound, 0.0) / (self.c * squared)
        if self.last:
            wanted = min(wanted, self.growth * self.last)
        self.last = wanted
        if self.align:
            wanted *= float(mpmath.exp(self.exponent))
        found = self.set(wanted if self.momo else self.factor * wanted)
        if self.adapt:
            self.bound = max(reached - 0.5 * self.rate * squared, self.lowest)
        return found

    def correct(self, excess, dot, norms):
        self.first = excess if self.first is None else self.first
        self.wait = max(self.wait - 1, 0)
        if excess > 1.3 * self.first and self.first > 0 and not self.wait:
            self.exponent -= 1.2
            self.wait = 10
        if self.step - 1 >= self.until or not norms:
            return
        cosine = min(max(dot / norms, -1.0), 1.0)
        self.square += max(0.01, 1 / (self.seen + 1)) * (cosine * cosine - self.square)
        relative = cosine / math.sqrt(self.square) if self.square else 0.0
        step = self.align * max(0.1, 1 / (1 + self.seen / 100)) * (self.target - relative)
        self.exponent += min(max(step, -0.7), 0.7)
        self.seen += 1


class Auto(Polyak):
    """Polyak's step with the correction of alignment, times exp(0.7 m), a warm-up and a decay."""

    def __init__(self, base, total=None, optimizer="adam", *, momentum=0.9, lower_bound=None, max_lr=None):
        super().__init__(base, norm="l1" if optimizer == "adam" else "l2", lower_bound=lower_bound, align=0.05,
                         c=1.0 if optimizer == "adam" else 1 / (1 - momentum), max_lr=max_lr,
                         until=inf if total is None else total / 3)  # fmt: skip
        self.total, self.most, self.smooth, self.m = total, 0.0, None, 0.0

    def correct(self, excess, dot, norms):
        """Before the average of the first update there is none."""
        first = self.first
        super().correct(excess if first is None else min(excess, first), dot, norms)
        t = self.step - 1
        excess = max(excess, 0.0)
        self.smooth = 0.95 * (excess if self.smooth is None else self.smooth) + 0.05 * excess
        self.most += norms
        part = 0.1 if self.total is None else t / self.total
        if self.most and part < 0.5:
            efficiency = (self.first - self.smooth) / self.most
            found = float(mpmath.log(50 * efficiency * math.sqrt(max(part, 0.01)))) if efficiency > 0 else -2.0
            self.m += 0.05 * (min(max(found, -2.0), 2.0) - self.m)

    def set(self, wanted):
        """`wanted` has exp(b) already."""
        t = self.step - 1
        if self.total is None:
            course = min((t + 1) / 20, 1.0)
        else:
            course = min((t + 1) / (self.total / 50 + 1), 1.0) * max(1 - t / self.total, 0.0)
        b = self.exponent + 0.7 * self.m
        return super().set(self.factor * (self.last * course * (float(mpmath.exp(b)) if b else 1.0)))
