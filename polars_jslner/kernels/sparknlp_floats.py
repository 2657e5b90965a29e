"""Kernels: float32 to text as Java 17 writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polars_jslner.kernels._jit import jit

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDEST = 16  # characters of the longest float, -1.17549435E-38, and one to spare
MAX_DIGITS = 24

_ZERO, _POINT, _MINUS, _EXPONENT = 0x30, 0x2E, 0x2D, 0x45


@jit
def generate(
    numerator: int,
    denominator: int,
    half_step: int,
    exponent: int,
    digits: NDArray[np.uint8],
) -> tuple[int, int]:
    """Write the digits of ``numerator / denominator * 10 ** exponent``.

    Digits come out until what is left is nearer to nothing, or to a whole last digit,
    than ``half_step / denominator``, half the distance to the next float; at least two
    where the number will be written with an exponent. Runs on Python's whole numbers
    (as ``generate.py_func``) as well.

    Parameters
    ----------
    numerator, denominator, half_step
        At most 2 ** 59.
    exponent
        Of the first digit, or one more.
    digits
        uint8[MAX_DIGITS], overwritten.

    Returns
    -------
    n_digits, exponent
        The number is 0.d1d2d3... times ten to the exponent.
    """
    n = 0
    tens = denominator * 10
    first = True
    low = high = False
    while first or not (low or high):
        digit = numerator // denominator
        numerator = numerator % denominator * 10
        half_step *= 10
        low = numerator < half_step
        high = numerator + half_step > tens
        if first and digit == 0 and not high:
            exponent -= 1
        else:
            digits[n] = digit
            n += 1
        if first and not -3 <= exponent < 8:
            low = high = False
        first = False
    if high:
        rest = 2 * numerator
        if not low or rest > tens or (rest == tens and digits[n - 1] % 2 == 1):
            at = n - 1
            while at >= 0 and digits[at] == 9:
                digits[at] = 0
                at -= 1
            if at >= 0:
                digits[at] += 1
            else:
                digits[0] = 1
                exponent += 1
    return n, exponent + 1


@jit
def layout(
    digits: NDArray[np.uint8], n: int, exponent: int, text: NDArray[np.uint8], at: int
) -> int:
    """Write digits as Java lays a float out; return where the text ends.

    Parameters
    ----------
    digits, n, exponent
        The number is 0.d1...dn times ten to the exponent.
    text
        uint8[...], written from ``at`` on, WIDEST characters at most.
    """
    if 0 < exponent < 8:
        for i in range(max(n, exponent)):
            if i == exponent:
                text[at] = _POINT
                at += 1
            text[at] = _ZERO + (digits[i] if i < n else 0)
            at += 1
        if n <= exponent:
            text[at], text[at + 1] = _POINT, _ZERO
            at += 2
        return at
    if -3 < exponent <= 0:
        text[at], text[at + 1] = _ZERO, _POINT
        at += 2
        for _ in range(-exponent):
            text[at] = _ZERO
            at += 1
        for i in range(n):
            text[at] = _ZERO + digits[i]
            at += 1
        return at
    text[at], text[at + 1] = _ZERO + digits[0], _POINT
    at += 2
    for i in range(1, max(n, 2)):
        text[at] = _ZERO + (digits[i] if i < n else 0)
        at += 1
    text[at] = _EXPONENT
    at += 1
    power = exponent - 1
    if power < 0:
        text[at] = _MINUS
        at += 1
        power = -power
    if power >= 10:
        text[at] = _ZERO + power // 10
        at += 1
    text[at] = _ZERO + power % 10
    return at + 1


@jit
def write_fractions(
    numerators: NDArray[np.int64],
    denominators: NDArray[np.int64],
    half_steps: NDArray[np.int64],
    exponents: NDArray[np.int64],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Write numbers given as `generate` takes them.

    Parameters
    ----------
    numerators, denominators, half_steps, exponents
        int64[n].

    Returns
    -------
    text
        uint8[n * WIDEST], ASCII, WIDEST characters a number.
    lengths
        int64[n], how many of them are the number.
    """
    text = np.zeros(len(numerators) * WIDEST, np.uint8)
    lengths = np.empty(len(numerators), np.int64)
    digits = np.empty(MAX_DIGITS, np.uint8)
    for i in range(len(numerators)):
        n, exponent = generate(
            numerators[i], denominators[i], half_steps[i], exponents[i], digits
        )
        first = i * WIDEST
        lengths[i] = layout(digits, n, exponent, text, first) - first
    return text, lengths
