"""The library's catalogue of schedules and controllers: names, parameters, ranges, defaults, formulas."""

from ._core.catalogue import Entry, Parameter, controllers, entries

__all__ = ["Entry", "Parameter", "controllers", "entries"]
