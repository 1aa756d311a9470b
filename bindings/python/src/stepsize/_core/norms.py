"""Gradient norms: of a model, and those of a whole run in bounded memory."""

from __future__ import annotations

import math
import sys
from array import array
from ctypes import byref, c_char, c_size_t
from weakref import finalize

from .._foreign import abi, arrays, convert
from .._foreign.errors import StepsizeError, failure
from .._foreign.library import create, library, quick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Literal

    Optimizer = Literal["sgd", "adam"]

OPTIMIZERS = {"sgd": abi.STEPSIZE_OPTIMIZER_SGD, "adam": abi.STEPSIZE_OPTIMIZER_ADAM}
_add = quick.stepsize_norm_log_add


class GradientNormLog:
    """The gradient norms of a run in bounded memory, one `add` for each update. For one thread at a time.

    It keeps the norms of updates 0, k, 2k, … with a stride k that begins at 1 and doubles each time the log is full.
    ``refine(log)`` makes a schedule of as many updates as were added. A log can be pickled.

    Args:
        capacity: The largest number of norms that are kept, 2 to 16777216.
    """

    __slots__ = ("__weakref__", "_handle")

    def __init__(self, capacity: int = 65_536) -> None:
        # To the library 0 means the default; here it is an error.
        number = convert.to_int64(capacity, "capacity")
        self._own(create(library.stepsize_norm_log_create, number if number > 0 else 1))

    def add(self, norm: float) -> None:
        """Adds the norm of the next update: >= 0. NaN and infinity are kept, for `refine` to repair."""
        if type(norm) is not float:
            norm = convert.to_float(norm, "norm")
        status = _add(self._handle, norm)
        if status:
            raise failure(f"norm = {norm!r}, expected a number >= 0", status)

    @property
    def count(self) -> int:
        """Norms added so far."""
        return int(quick.stepsize_norm_log_count(self._handle))

    @property
    def stride(self) -> int:
        """Updates between two norms that are kept: a power of two."""
        return int(quick.stepsize_norm_log_stride(self._handle))

    @property
    def values(self) -> array[float]:
        """The norms that are kept, of updates 0, stride, 2 stride, …"""
        values = arrays.zeros(len(self))
        quick.stepsize_norm_log_values(self._handle, arrays.pointer(values), len(values))
        return values

    def __len__(self) -> int:
        """The number of norms that are kept."""
        return int(quick.stepsize_norm_log_kept(self._handle))

    def state(self) -> bytes:
        """The log as bytes, for a checkpoint."""
        length = c_size_t()
        quick.stepsize_norm_log_save(self._handle, None, 0, byref(length))
        buffer = (c_char * length.value)()
        quick.stepsize_norm_log_save(self._handle, buffer, length, None)
        return buffer.raw

    @classmethod
    def from_state(cls, state: bytes) -> GradientNormLog:
        """The log whose `state()` this is. StepsizeError for damaged bytes."""
        log = cls.__new__(cls)
        log._own(create(library.stepsize_norm_log_restore, bytes(state), len(state)))
        return log

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_state, (self.state(),)

    def __repr__(self) -> str:
        return f"<GradientNormLog: {len(self)} of {self.count} norms, stride {self.stride}>"

    def _own(self, handle: int) -> None:
        self._handle = handle
        # Not at exit: the process frees the memory anyway.
        finalize(self, library.stepsize_norm_log_destroy, handle).atexit = False


def adopt(handle: int) -> GradientNormLog:
    """The object for a handle returned by the library."""
    log = GradientNormLog.__new__(GradientNormLog)
    log._own(handle)
    return log


def gradient_norm(gradients: Any, optimizer: Optimizer = "sgd") -> float:
    """The norm of all gradients of a model together: l2 for SGD, l1 for Adam.

    Args:
        gradients: A torch module, optimizer, list of parameters (their ``.grad``) or of gradients; a numpy or JAX
            array; or any nested dict, list or tuple of these. None is skipped. Call it after the backward pass, and
            after gradients of mixed precision have been unscaled.
        optimizer: ``"sgd"`` or ``"adam"``.

    With torch and JAX the numbers of all arrays are combined on the device and fetched once.
    """
    if optimizer not in OPTIMIZERS:
        raise StepsizeError(f"optimizer = {optimizer!r}, expected {' or '.join(map(repr, OPTIMIZERS))}")
    power = 2 if optimizer == "sgd" else 1
    groups: dict[str, list[Any]] = {}
    for leaf in _leaves(gradients):
        groups.setdefault(_package(leaf), []).append(leaf)
    if not groups:
        raise StepsizeError("gradients: none found; call gradient_norm after the backward pass")
    norms: list[float] = []
    for package, leaves in groups.items():
        norms += _NORMS.get(package, _numpy_norms)(leaves, power)
    return math.hypot(*norms) if power == 2 else math.fsum(norms)


def _package(leaf: Any) -> str:
    for kind in type(leaf).__mro__:
        name = kind.__module__.partition(".")[0].removesuffix("lib")
        if name in _NORMS:
            return name
    return "numpy"


def _leaves(gradients: Any) -> Iterator[Any]:
    """The arrays in a collection; the gradient in place of a torch parameter."""
    if gradients is None:
        return
    if hasattr(gradients, "param_groups"):  # a torch optimizer
        gradients = [parameter for group in gradients.param_groups for parameter in group["params"]]
    elif callable(getattr(gradients, "parameters", None)):  # a torch module
        gradients = gradients.parameters()
    if hasattr(gradients, "requires_grad") and hasattr(gradients, "grad"):
        leaf = gradients.grad if gradients.requires_grad and gradients.is_leaf else gradients
        if leaf is not None:
            yield leaf
    elif hasattr(gradients, "__array__") or isinstance(gradients, (float, int, array, memoryview)):
        yield gradients
    elif hasattr(gradients, "values") and callable(gradients.values):
        for part in gradients.values():
            yield from _leaves(part)
    elif isinstance(gradients, (str, bytes)):
        raise convert.wrong_type("gradients", "arrays of numbers", gradients)
    elif hasattr(gradients, "__iter__"):
        for part in gradients:
            yield from _leaves(part)
    elif "jax" in sys.modules:  # a pytree of a registered type
        parts = sys.modules["jax"].tree_util.tree_leaves(gradients)
        if len(parts) == 1 and parts[0] is gradients:
            raise convert.wrong_type("gradients", "arrays of numbers", gradients)
        for part in parts:
            yield from _leaves(part)
    else:
        raise convert.wrong_type("gradients", "arrays of numbers", gradients)


def _torch_norms(leaves: list[Any], power: int) -> list[float]:
    torch = sys.modules["torch"]
    by_kind: dict[tuple[Any, Any], list[Any]] = {}
    for leaf in leaves:
        tensor = leaf.detach()
        if tensor.layout is not torch.strided:
            tensor = tensor.coalesce().values() if tensor.layout is torch.sparse_coo else tensor.to_dense()
        by_kind.setdefault((tensor.device, tensor.dtype), []).append(tensor)
    norms: list[float] = []
    for (_, dtype), tensors in by_kind.items():
        if dtype in (torch.float16, torch.bfloat16):  # their sums would overflow or lose digits
            parts = [torch.linalg.vector_norm(tensor, power, dtype=torch.float32) for tensor in tensors]
        else:
            parts = list(torch._foreach_norm(tensors, power))
        norms.append(torch.linalg.vector_norm(torch.stack(parts), power).item())
    return norms


def _jax_norms(leaves: list[Any], power: int) -> list[float]:
    jnp = sys.modules["jax"].numpy
    parts = []
    for leaf in leaves:
        numbers = jnp.ravel(leaf)
        if numbers.dtype.itemsize < 4:
            numbers = numbers.astype(jnp.float32)
        parts.append(jnp.linalg.norm(numbers, power))
    return [float(jnp.linalg.norm(jnp.stack(parts), power))]


def _numpy_norms(leaves: list[Any], power: int) -> list[float]:
    norms = []
    for leaf in leaves:
        if isinstance(leaf, (float, int)):
            norms.append(abs(float(leaf)))
            continue
        if "numpy" in sys.modules or hasattr(leaf, "__array__"):
            import numpy

            numbers = numpy.ravel(numpy.asarray(leaf))
            if numbers.dtype != numpy.float32:
                numbers = numbers.astype(numpy.float64, copy=False)
            with numpy.errstate(over="ignore"):
                norm = float(numpy.linalg.norm(numbers, power))
            if power == 2 and (norm == 0 or norm == math.inf):  # the squares may be out of range
                largest = float(numpy.max(numpy.abs(numbers), initial=0))
                if 0 < largest < math.inf:
                    norm = largest * float(numpy.linalg.norm(numbers / largest))
            norms.append(norm)
        else:
            norms.append(math.hypot(*leaf) if power == 2 else math.fsum(map(abs, leaf)))
    return norms


_NORMS: dict[str, Callable[[list[Any], int], list[float]]] = {"torch": _torch_norms, "jax": _jax_norms}
