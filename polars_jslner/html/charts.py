"""Charts as inline SVG: no script, no other file, the colours of the page.

Each says in words what it shows, for those who do not see it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from polars_jslner.html.markup import Markup, element, join

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 44  # around the plot


def ticks(largest: float, n: int = 5) -> list[int]:
    """Return about ``n`` round numbers from 0 to at least ``largest``."""
    step = max(1.0, largest / n)
    power = 10.0 ** math.floor(math.log10(step))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= step * 0.999)
    return [round(i * step) for i in range(math.ceil(largest / step - 1e-9) + 1)] or [0]


def sparkline(counts: Sequence[int], said: str) -> Markup:
    """Return a small histogram without axes.

    Parameters
    ----------
    counts
        Height of each bar.
    said
        What is to be seen, in words.
    """
    most = max(counts, default=0) or 1
    width = 6
    bars = [
        element(
            "rect",
            x=i * width,
            y=f"{28 - 28 * count / most:.1f}",
            width=width - 1,
            # What is there is seen, however little it is.
            height=f"{max(28 * count / most, 1):.1f}",
        )
        for i, count in enumerate(counts)
        if count
    ]
    base = element("path", d=f"M0 28.5H{width * len(counts)}", class_="axis")
    return element(
        "svg",
        *bars,
        base,
        viewBox=f"0 0 {width * len(counts)} 29",
        class_="spark",
        role="img",
        aria_label=said,
    )


def histogram(
    stacks: Sequence[Sequence[int]], edges: Sequence[int], x_name: str, said: str
) -> Markup:
    """Return bars over ranges of numbers, in two parts each.

    Parameters
    ----------
    stacks
        (lower, upper) part of each bar.
    edges
        Where the bars begin and the last ends.
    x_name
        What the numbers are.
    said
        What is to be seen, in words.
    """
    y_ticks = ticks(max((sum(stack) for stack in stacks), default=1) or 1)
    frame = _Frame(edges[0], edges[-1], y_ticks[-1])
    bars: list[Markup] = []
    for i, stack in enumerate(stacks):
        base = 0
        for part, count in enumerate(stack):
            if count:
                x, y = frame.x(edges[i]), frame.y(base + count)
                bars.append(
                    element(
                        "rect",
                        element(
                            "title", f"{edges[i]:,} to {edges[i + 1]:,}: {count:,}"
                        ),
                        x=f"{x:.1f}",
                        y=f"{y:.1f}",
                        width=f"{max(frame.x(edges[i + 1]) - x - 1, 1):.1f}",
                        height=f"{frame.y(base) - y:.1f}",
                        class_=f"part{part}",
                    )
                )
            base += count
    x_ticks = [t for t in ticks(edges[-1]) if t <= edges[-1]]
    return frame.draw(bars, x_ticks, y_ticks, x_name, "texts", said)


def bubbles(
    points: Sequence[tuple[int, int, int]], x_name: str, y_name: str, said: str
) -> Markup:
    """Return circles whose area is a number of texts.

    Parameters
    ----------
    points
        (x, y, number) of each.
    x_name, y_name
        What the numbers are.
    said
        What is to be seen, in words.
    """
    x_ticks = ticks(max((x for x, _, _ in points), default=1) or 1)
    y_ticks = ticks(max((y for _, y, _ in points), default=1) or 1)
    frame = _Frame(0, x_ticks[-1], y_ticks[-1])
    most = max((n for _, _, n in points), default=1)
    circles = [
        element(
            "circle",
            element("title", f"{x:,} {x_name}, {y:,} {y_name}: {n:,}"),
            cx=f"{frame.x(x):.1f}",
            cy=f"{frame.y(y):.1f}",
            r=f"{2.5 + 5.5 * math.sqrt((n - 1) / max(most - 1, 1)):.1f}",
        )
        for x, y, n in points
    ]
    return frame.draw(circles, x_ticks, y_ticks, x_name, y_name, said)


class _Frame:
    """Axes from ``x_low`` to ``x_high`` and from 0 to ``y_high``."""

    def __init__(self, x_low: float, x_high: float, y_high: float) -> None:
        self._x_low = x_low
        self._x_scale = (_WIDTH - _LEFT - _RIGHT) / max(x_high - x_low, 1)
        self._y_scale = (_HEIGHT - _TOP - _BOTTOM) / max(y_high, 1)

    def x(self, value: float) -> float:
        return _LEFT + (value - self._x_low) * self._x_scale

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - value * self._y_scale

    def draw(
        self,
        marks: Sequence[Markup],
        x_ticks: Sequence[int],
        y_ticks: Sequence[int],
        x_name: str,
        y_name: str,
        said: str,
    ) -> Markup:
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        lines = [
            join(
                element("path", d=f"M{_LEFT} {self.y(t):.1f}H{right}", class_="grid"),
                element(
                    "text",
                    f"{t:,}",
                    x=_LEFT - 8,
                    y=f"{self.y(t) + 4:.1f}",
                    text_anchor="end",
                ),
            )
            for t in y_ticks
        ]
        below = [
            element(
                "text",
                f"{t:,}",
                x=f"{self.x(t):.1f}",
                y=bottom + 17,
                text_anchor="middle",
            )
            for t in x_ticks
        ]
        middle = (_LEFT + right) / 2
        height = (_TOP + bottom) / 2
        return element(
            "svg",
            *lines,
            *marks,
            element("path", d=f"M{_LEFT} {bottom}H{right}", class_="axis"),
            *below,
            element("text", x_name, x=middle, y=_HEIGHT - 6, text_anchor="middle"),
            element(
                "text",
                y_name,
                x=12,
                y=height,
                text_anchor="middle",
                transform=f"rotate(-90 12 {height})",
            ),
            viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
            class_="chart",
            role="img",
            aria_label=said,
        )
