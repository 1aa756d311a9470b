"""The learning-rate schedules of other libraries, by their own names.

One module for each peer: ``pytorch``, ``transformers``, ``timm``, ``optax``, ``keras``, ``llmc``, ``megatron``,
``deepspeed``, ``nanogpt``, ``modded_nanogpt``, ``litgpt``, ``axolotl``. A function has its peer's name and arguments,
and returns a stepsize schedule with the peer's numbers. The peer itself is not needed and never imported.

    from stepsize.peers import transformers

    schedule = transformers.get_cosine_schedule_with_warmup(1e-3, 500, 10_000)
    scheduler = stepsize.Scheduler(1e-3, schedule)

Where the peer takes an optimizer, these functions take its learning rate, ``base_lr``, in the same place: the
schedule is the peer's rate divided by it. It matters only where an argument is a rate itself (``eta_min``,
``lr_min``, ``max_lr`` …).

Arguments that cannot be honoured are left out: ``last_epoch`` (evaluate any update, or set the scheduler's step), the
momentum of cyclic schedules, noise, functions written in Python.
"""

PEERS = (
    "axolotl", "deepspeed", "keras", "litgpt", "llmc", "megatron", "modded_nanogpt", "nanogpt", "optax", "pytorch",
    "timm", "transformers",
)  # fmt: skip


def __getattr__(name: str) -> object:
    """A peer's module, imported on first use."""
    if name in PEERS:
        from importlib import import_module

        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
