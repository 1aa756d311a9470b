"""Learned schedules: agents that learn to move the learning rate, and the policies they have learned.

    agent = Agent(trainer="cem", seed=1)
    for generation in range(20):
        for _ in range(agent.episodes_left):
            problem = make_problem(seed=agent.instance)
            agent.begin_episode(total=500)
            multiplier, before = 1.0, problem.evaluate()
            for t in range(500):
                multiplier = agent.observe(problem.train_step(lr=0.1 * multiplier))
            agent.end_step(log(before / problem.evaluate()))
            agent.end_episode()
        print(agent.update())
    scheduler = Scheduler(0.1, controller=agent.controller(total=500))

The policy sees only the losses, independent of their unit. All arithmetic is done by the native library, and is
determined by the seed and the observations.
"""

from __future__ import annotations

from ctypes import byref, c_char, c_double, c_size_t, sizeof
from weakref import finalize

from ._core.controller import Controller, adopt
from ._core.controllers import Learned
from ._foreign import abi, abi_learn, convert
from ._foreign.errors import StepsizeError, failure
from ._foreign.learn import learn
from ._foreign.library import create, library, message_of, new_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import Any, Literal

__all__ = ["Agent", "Learned", "load"]

_TRAINERS = {"cem": abi_learn.STEPSIZE_TRAINER_CEM, "ppo": abi_learn.STEPSIZE_TRAINER_PPO}


class Agent:
    """Learns a policy that multiplies the rate of an anchor, from rewards.

    Args:
        trainer: ``"cem"``, the cross-entropy method: each of `population` candidates plays the same `instances`
            problems; ``"ppo"``, proximal policy optimization: as many episodes, each with its own problem.
        policy: ``"linear"``, or ``"hidden"``: one layer of `hidden` tanh units.
        seed: The seed of all random numbers.
        every: Updates between two decisions.
        limit: The largest ``abs(log(multiplier))``, in (0, 10].
        population: Candidates of a generation, 4 to 4096.
        instances: Problems that each of them plays, 1 to 4096.
        hidden: Hidden units, 1 to 32.

    An unfinished training is saved by ``save_training`` or pickled, and continues with the same bits.
    """

    __slots__ = ("__weakref__", "_handle", "_multiplier", "_pointer")

    def __init__(
        self,
        trainer: Literal["cem", "ppo"] = "cem",
        policy: Literal["linear", "hidden"] = "linear",
        *,
        seed: int = 0,
        every: int | None = None,
        limit: float | None = None,
        population: int | None = None,
        instances: int | None = None,
        hidden: int = 8,
    ) -> None:
        options = abi_learn.stepsize_agent_options()
        learn.stepsize_agent_defaults(byref(options), sizeof(options))
        if trainer not in _TRAINERS:
            raise StepsizeError(f"trainer = {trainer!r}, expected 'cem' or 'ppo'", abi.STEPSIZE_ERROR_NAME)
        if policy not in ("linear", "hidden"):
            raise StepsizeError(f"policy = {policy!r}, expected 'linear' or 'hidden'", abi.STEPSIZE_ERROR_NAME)
        options.trainer = _TRAINERS[trainer]
        options.seed = convert.to_int64(seed, "seed")
        if policy == "hidden":
            options.units = convert.to_int64(hidden, "hidden")
            if options.units < 1:
                raise StepsizeError(f"hidden = {hidden}, expected an integer from 1 to 32")
        for name, value in (("every", every), ("population", population), ("instances", instances)):
            if value is not None:
                setattr(options, name, convert.to_int64(value, name))
        if limit is not None:
            options.limit = convert.to_float(limit, "limit")
        self._adopt(create(learn.stepsize_agent_create, byref(options)))

    def _adopt(self, handle: Any) -> None:
        self._handle = handle
        finalize(self, learn.stepsize_agent_destroy, self._handle).atexit = False
        self._multiplier = c_double(1.0)
        self._pointer = byref(self._multiplier)

    # ---- An episode ----

    @property
    def instance(self) -> int:
        """The number of the problem for the next episode, or for the one in progress."""
        return int(learn.stepsize_agent_instance(self._handle))

    @property
    def episodes_left(self) -> int:
        """Episodes that the generation still needs before ``update``."""
        return int(learn.stepsize_agent_episodes_left(self._handle))

    @property
    def generation(self) -> int:
        """The number of completed generations."""
        return int(learn.stepsize_agent_generation(self._handle))

    def begin_episode(self, total: int | None = None, *, explore: bool = True) -> None:
        """Begins an episode of `total` updates (None: unknown). One that has not ended is discarded. With
        ``explore=False`` the policy acts without exploration, and the episode does not count for ``update``."""
        if not isinstance(explore, bool):
            raise convert.wrong_type("explore", "True or False", explore)
        updates = 0 if total is None else convert.to_int64(total, "total")
        _call(learn.stepsize_agent_begin_episode, self._handle, updates, int(explore))

    def observe(self, loss: float) -> float:
        """After an update: takes its loss and returns the multiplier of the anchor's rate for the next one.

        Args:
            loss: The loss of the update; one that is <= 0 or not finite is ignored.
        """
        status = learn.stepsize_agent_observe(self._handle, loss, self._pointer)
        if status:
            raise failure("agent: no episode has begun, expected begin_episode first", status)
        return self._multiplier.value

    def end_step(self, reward: float) -> None:
        """Adds to the reward of the last decision: ``log(e_before / e_after)``, e the loss on a fixed set of data. NaN
        and infinity count as -10; a number beyond 1e6 is an error."""
        _call(learn.stepsize_agent_reward, self._handle, convert.to_float(reward, "reward"))

    def end_episode(self) -> float:
        """Ends the episode and returns the sum of its rewards."""
        score = c_double()
        status = learn.stepsize_agent_end_episode(self._handle, byref(score))
        if status:
            raise StepsizeError("agent: no episode has begun, expected begin_episode first", status)
        return score.value

    def update(self) -> float:
        """Learns from the generation and returns the mean score of its episodes."""
        mean = c_double()
        _call(learn.stepsize_agent_update, self._handle, byref(mean))
        return mean.value

    # ---- Factorizations ----

    def train_nmf(
        self, generations: int, progress: Callable[[int, int, float], object] | None = None
    ) -> list[float]:
        """Trains on random factorizations and returns the mean score of each generation. `progress` is called after
        each with (generations done, generations, mean score); True stops."""
        scores: list[float] = []
        for done in range(1, convert.to_int64(generations, "generations") + 1):
            mean = c_double()
            _call(learn.stepsize_agent_train_nmf, self._handle, byref(mean))
            scores.append(mean.value)
            if progress is not None and progress(done, generations, mean.value) is True:
                break
        return scores

    def score_nmf(self, instance: int) -> float:
        """``log(e_0 / e_T)`` of the policy on a random factorization. Training uses numbers >= 0: those below are held
        out."""
        score = c_double()
        _call(learn.stepsize_agent_score_nmf, self._handle, convert.to_int64(instance, "instance"), byref(score))
        return score.value

    # ---- The policy ----

    @property
    def policy(self) -> bytes:
        """The policy learned so far, as bytes with version and checksum."""
        length = c_size_t()
        learn.stepsize_agent_save(self._handle, None, 0, byref(length))
        buffer = (c_char * length.value)()
        learn.stepsize_agent_save(self._handle, buffer, length.value, None)
        return buffer.raw

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the policy to a file."""
        with open(path, "wb") as file:
            file.write(self.policy)

    def load(self, source: str | os.PathLike[str] | bytes) -> None:
        """Restarts the training from a saved policy: a file, or its bytes."""
        data = _read(source)
        _call(learn.stepsize_agent_load, self._handle, data, len(data))

    @property
    def parameters(self) -> tuple[float, ...]:
        """The weights of the policy."""
        return (self.controller().parameters or ())[3:]

    # ---- Checkpoints of a training ----

    @property
    def training(self) -> bytes:
        """The whole training, as bytes with version and checksum, without an episode in progress."""
        length = c_size_t()
        learn.stepsize_agent_save_training(self._handle, None, 0, byref(length))
        buffer = (c_char * length.value)()
        learn.stepsize_agent_save_training(self._handle, buffer, length.value, None)
        return buffer.raw

    def save_training(self, path: str | os.PathLike[str]) -> None:
        """Writes the training to a file atomically."""
        import os

        part = f"{os.fspath(path)}.part"
        with open(part, "wb") as file:
            file.write(self.training)
        os.replace(part, path)

    @classmethod
    def restored(cls, source: str | os.PathLike[str] | bytes) -> Agent:
        """The agent of a saved training: a file, or its bytes."""
        data = _read(source)
        agent = cls.__new__(cls)
        agent._adopt(create(learn.stepsize_agent_restore_training, data, len(data)))
        return agent

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).restored, (self.training,)

    def controller(self, total: int | None = None, *, adapt: float = 0.0) -> Learned:
        """The policy as a controller for ``Scheduler``."""
        return load(self.policy, total, adapt=adapt)


def load(source: str | os.PathLike[str] | bytes, total: int | None = None, *, adapt: float = 0.0) -> Learned:
    """A controller from a saved policy: a file, or its bytes. Its text form contains the whole policy.

    Args:
        source: What ``Agent.save`` has written, or ``Agent.policy``.
        total: Updates of the training, if known.
        adapt: Rate at which it keeps learning, in [0, 1].
    """
    data = _read(source)
    updates = 0 if total is None else convert.to_int64(total, "total")
    rate = convert.to_float(adapt, "adapt")
    controller: Controller = adopt(create(library.stepsize_controller_learned, data, len(data), updates, rate))
    assert isinstance(controller, Learned)
    return controller


def _read(source: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(source, (bytes, bytearray)):
        return bytes(source)
    with open(source, "rb") as file:
        return file.read()


def _call(function: Callable[..., int], *arguments: Any) -> None:
    error = new_error()
    status = function(*arguments, byref(error))
    if status:
        raise failure(message_of(error), status)
