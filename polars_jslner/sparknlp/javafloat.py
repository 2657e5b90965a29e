"""Numbers as the JVM computes and writes them.

Java 17 does not always write the shortest text that reads back as the same float, so
none of Python's ways to write one will do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from polars_jslner.kernels import sparknlp_floats as kernels
from polars_jslner.sparknlp.units import first_of_each

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEX = re.compile(r"[+-]?0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
# Below the one the exact fractions outgrow 64 bits, above the other floats are whole or
# have an exponent; both are rare, and written more slowly.
_SMALLEST, _LARGEST = 1e-12, 1e7
_NAMED = {"NaN": float("nan"), "Infinity": float("inf")}


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities, float32[n, n_labels], as Spark NLP computes them.

    In float64 and without taking the largest logit off first.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(logits.astype(np.float64))
        shares = powers / _left_sums(powers)
    return shares.astype(np.float32)


def _left_sums(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64[n, 1], sums from left to right (NumPy's own sum is in pairs)."""
    total = np.zeros((len(powers), 1))
    for column in range(powers.shape[1]):
        total += powers[:, column : column + 1]
    return total


def float_strings(values: NDArray[np.float32]) -> pa.LargeStringArray:
    """Write floats as ``Float.toString`` does.

    Parameters
    ----------
    values
        float32[n].
    """
    values = np.ascontiguousarray(values, np.float32)
    text = np.zeros((len(values), kernels.WIDEST), np.uint8)
    lengths = np.zeros(len(values), np.int64)
    quick, *fractions = _fractions(values)
    written, quick_lengths = kernels.write_fractions(*fractions)
    text[quick] = written.reshape((-1, kernels.WIDEST))
    lengths[quick] = quick_lengths
    for i in np.flatnonzero(lengths == 0):
        slow = _float_string(values[i]).encode()
        text[i, : len(slow)] = np.frombuffer(slow, np.uint8)
        lengths[i] = len(slow)
    data = text[np.arange(kernels.WIDEST) < lengths[:, None]]
    buffers = pa.py_buffer(first_of_each(lengths)), pa.py_buffer(data)
    return pa.LargeStringArray.from_buffers(len(values), *buffers)


def _fractions(values: NDArray[np.float32]) -> tuple[NDArray[np.int64], ...]:
    """Return the floats whose exact fraction fits 64-bit integers.

    Returns
    -------
    which
        int64[m], index in ``values``: not whole and above _SMALLEST.
    numerators, denominators, half_steps, exponents
        int64[m], as `kernels.generate` takes them.
    """
    which = np.flatnonzero((values > _SMALLEST) & (values < _LARGEST))
    bits = values[which].view(np.int32).astype(np.int64)
    power = (bits >> 23) - 127  # of the leading bit
    fraction = (bits & 0x7FFFFF) | 0x800000
    exponent = _estimate(fraction / 0x800000, power)
    lowest = fraction & -fraction
    fraction //= lowest
    below = 23 - power - np.log2(lowest).astype(np.int64)  # bits behind the point
    kept = below > 0
    which, power, fraction = which[kept], power[kept], fraction[kept]
    exponent, below = exponent[kept], below[kept]
    up, down = np.maximum(0, -exponent), np.maximum(0, exponent)
    # powers of two: of the numerator, the denominator and half a step
    twos = np.stack([up, down + below, up + below + power - 24 - (fraction == 1)])
    twos -= twos.min(axis=0)
    return (
        which,
        (fraction * 5**up) << twos[0],
        5**down << twos[1],
        5**up << twos[2],
        exponent,
    )


def _estimate(mantissa: Any, power: Any) -> Any:
    """Return Java's estimate of the exponent of ten, exact or one too large.

    ``mantissa``, in [1, 2), times two to the ``power`` is the number.
    """
    guess = (mantissa - 1.5) * 0.289529654 + 0.176091259 + power * 0.301029995663981
    return np.floor(guess).astype(np.int64)


def _float_string(value: np.float32) -> str:
    """Write any float, in whole numbers of any size."""
    bits = int(np.float32(value).view(np.uint32))
    sign = "-" if bits >> 31 else ""
    biased, fraction = bits >> 23 & 0xFF, bits & 0x7FFFFF
    if biased == 0xFF:
        return "NaN" if fraction else sign + "Infinity"
    if biased == 0 and fraction == 0:
        return sign + "0.0"
    if biased:
        fraction |= 0x800000
    else:
        biased = 1
    significant = fraction.bit_length()
    power = biased - 127 - (24 - significant)
    digits = np.zeros(kernels.MAX_DIGITS, np.uint8)
    mantissa = fraction / (1 << significant - 1)
    while fraction % 2 == 0:
        fraction //= 2
    below = fraction.bit_length() - 1 - power
    if below <= 0 and power < 63:
        n, exponent = _whole_digits(fraction << -below, power - significant - 1, digits)
    else:
        guess = (mantissa - 1.5) * 0.289529654 + 0.176091259 + power * 0.301029995663981
        exponent = int(np.floor(guess))
        up, down = max(0, -exponent), max(0, exponent)
        tiny = max(0, below)
        half = up + tiny + power - significant - (fraction == 1)
        extra = max(0, -half)
        generate: Any = getattr(kernels.generate, "py_func", kernels.generate)
        n, exponent = generate(
            fraction * 5**up << up + tiny - below + extra,
            5**down << down + tiny + extra,
            5**up << half + extra,
            exponent,
            digits,
        )
    text = np.zeros(kernels.WIDEST, np.uint8)
    end = kernels.layout(digits, n, exponent, text, 0)
    return sign + text[:end].tobytes().decode()


def _whole_digits(
    whole: int, doubtful_bits: int, digits: NDArray[np.uint8]
) -> tuple[int, int]:
    """Write the digits of a whole number without those that mean nothing.

    Return their number and the exponent. ``doubtful_bits`` is how many bits of the
    number lie below half the distance to the next float.
    """
    dropped = len(str(1 << doubtful_bits)) - 1 if doubtful_bits > 1 else 0
    unit = 10**dropped
    text = str((whole + unit // 2) // unit if dropped else whole)
    exponent = len(text) + dropped
    text = text.rstrip("0")
    digits[: len(text)] = [int(digit) for digit in text]
    return len(text), exponent


def parse_float(text: str) -> float | None:
    """Read a number as ``trim`` and ``Float.parseFloat`` do, None if it is none."""
    text = text.strip("".join(map(chr, range(0x21))))
    named = _NAMED.get(text.lstrip("+-") if text[:1] in "+-" else text)
    if named is not None and text[1:2] not in ("+", "-"):
        return -named if text.startswith("-") else named
    if text[-1:] in ("f", "F", "d", "D"):
        text = text[:-1]
    if _DECIMAL.fullmatch(text):
        return float(text)
    if _HEX.fullmatch(text):
        try:
            return float.fromhex(text)
        except (ValueError, OverflowError):
            return None
    return None
