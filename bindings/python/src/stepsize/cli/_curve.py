"""A curve in characters."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# The bits of the 2 x 4 dots of a Braille character, by column and row from the top.
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def draw(values: Sequence[float], width: int, height: int, *, plain: bool = False) -> list[str]:
    """`height` rows of `width` characters with a scale in front: the largest value at the top, and 0, or the smallest
    value if that is far from 0, at the bottom.

    `plain` uses ASCII only.
    """
    low, high = _limits(values)
    across, down = _dots(plain)
    columns, rows = width * across, height * down
    filled = [[False] * columns for _ in range(rows)]
    before: float | None = None
    for column in range(columns):
        # The values in this column, and the line from the last value before it.
        first = column * len(values) // columns
        last = max(first + 1, (column + 1) * len(values) // columns)
        here = values[first:last]
        bottom, top = min(here), max(here)
        if before is not None and len(values) >= columns:
            bottom, top = min(bottom, before), max(top, before)
        before = here[-1]
        start, end = (round((high - value) / (high - low) * (rows - 1)) for value in (top, bottom))
        # A jump by one row needs no joint.
        for row in range(start, end + 1):
            filled[row][column] = True
    labels = _labels(values, height, plain)
    left = max(map(len, labels.values()))
    lines = []
    for row in range(height):
        if plain:
            cells = "".join("*" if dot else " " for dot in filled[row])
        else:
            cells = "".join(
                chr(
                    0x2800
                    + sum(
                        _DOTS[x][y]
                        for x in range(across)
                        for y in range(down)
                        if filled[row * down + y][column * across + x]
                    )
                )
                for column in range(width)
            ).replace("\u2800", " ")
        lines.append(f"{labels.get(row, ''):>{left}} {'|' if plain else '│'}{cells}".rstrip())
    return lines


def margin(values: Sequence[float], height: int, *, plain: bool = False) -> int:
    """The characters of the scale in front of the curve, without the line between them."""
    return max(map(len, _labels(values, height, plain).values()))


def _dots(plain: bool) -> tuple[int, int]:
    """Of a character, across and down."""
    return (1, 1) if plain else (2, 4)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    low = 0.0 if low < high / 2 or high == low else low
    return low, low + 1.0 if high == low else high


def _labels(values: Sequence[float], height: int, plain: bool) -> dict[int, str]:
    """The scale, by the row."""
    low, high = _limits(values)
    down = _dots(plain)[1]
    middle = high - (high - low) * (height // 2 * down) / (height * down - 1)
    return {0: f"{high:.4g}", height // 2: f"{middle:.3g}", height - 1: f"{low:.4g}"}


def axis(steps: int, width: int, margin: int, *, plain: bool = False) -> list[str]:
    """The line under the curve, from update 0 to the last one."""
    middle, last = f"{(steps - 1) // 2}", f"{steps - 1}"
    numbers = (
        "0" + middle.center(width - 1 - len(last)) + last if width > len(middle) + len(last) + 4 else f"0 - {last}"
    )
    rule = ("-" if plain else "─") * width
    return [f"{' ' * margin} {'+' if plain else '└'}{rule}", f"{' ' * margin}  {numbers}"]
