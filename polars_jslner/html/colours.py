"""A colour for each label, always the same one, with contrast that can be read.

Colours are computed in OKLCH, whose lightness is what the eye sees: a swatch of any hue
has the same contrast. A label's colour depends on its name alone, so that notes, pages
and runs can be compared.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cache

HUES = tuple(range(15, 375, 30))  # degrees
PLAIN, STRONG = 0, 1  # two tints of each hue

# What is alike in medicine is alike in colour: conditions red, drugs blue, tests green.
# Other labels get a colour by a hash of their name.
_KNOWN: dict[str, tuple[int, int]] = {
    "symptom": (0, PLAIN),
    "diseasesyndromedisorder": (0, STRONG),
    "problem": (0, STRONG),
    "oncological": (11, STRONG),
    "deathentity": (11, PLAIN),
    "alergen": (1, STRONG),
    "allergen": (1, STRONG),
    "lifestyle": (1, PLAIN),
    "procedure": (2, STRONG),
    "treatment": (2, PLAIN),
    "medicaldevice": (3, STRONG),
    "clinicaldept": (3, PLAIN),
    "test": (4, STRONG),
    "testresult": (4, PLAIN),
    "vitalsign": (5, STRONG),
    "physicalmeasurement": (5, PLAIN),
    "admissiondischarge": (6, STRONG),
    "datetime": (6, PLAIN),
    "header": (7, PLAIN),
    "sectionheader": (7, PLAIN),
    "drug": (8, STRONG),
    "substancequantity": (8, PLAIN),
    "bodypart": (9, STRONG),
    "age": (9, PLAIN),
    "demographics": (10, PLAIN),
    "pregnancynewborn": (10, STRONG),
    "birthentity": (7, STRONG),
}


@dataclass(frozen=True, slots=True)
class Swatch:
    """The colours of a label on a light and on a dark page, as ``#rrggbb``.

    ``tint`` lies behind the text of the page, ``ink`` is what is written on the tint,
    or on the page itself, in the label's own colour.
    """

    name: str
    light_tint: str
    light_ink: str
    dark_tint: str
    dark_ink: str

    @property
    def css(self) -> str:
        """Declarations of ``--tint`` and ``--ink``."""
        return (
            f"--tint:light-dark({self.light_tint},{self.dark_tint});"
            f"--ink:light-dark({self.light_ink},{self.dark_ink})"
        )


@cache
def swatch(label: str) -> Swatch:
    """Return the colours of a label; case, blanks, - and _ do not matter."""
    key = "".join(c for c in label.casefold() if c not in " -_")
    if key in _KNOWN:
        hue, strength = _KNOWN[key]
    else:
        digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
        hue, strength = digest[0] % len(HUES), digest[1] % 2
    return _swatch(hue, strength)


def swatches() -> list[Swatch]:
    """Return all that a label may get."""
    return [_swatch(h, s) for h in range(len(HUES)) for s in (PLAIN, STRONG)]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two ``#rrggbb`` colours as WCAG 2 defines it, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _swatch(hue: int, strength: int) -> Swatch:
    degrees = HUES[hue]
    if strength == STRONG:
        tints = _hex(0.87, 0.09, degrees), _hex(0.38, 0.09, degrees)
        inks = _hex(0.36, 0.12, degrees), _hex(0.92, 0.06, degrees)
    else:
        tints = _hex(0.945, 0.035, degrees), _hex(0.29, 0.04, degrees)
        inks = _hex(0.42, 0.12, degrees), _hex(0.86, 0.09, degrees)
    return Swatch(f"s{hue}{'ab'[strength]}", tints[0], inks[0], tints[1], inks[1])


def _hex(lightness: float, chroma: float, degrees: float) -> str:
    """Return an OKLCH colour as sRGB; one that sRGB lacks loses chroma, not hue."""
    while True:
        channels = _linear_rgb(lightness, chroma, degrees)
        if chroma <= 0 or all(-1e-4 <= c <= 1 + 1e-4 for c in channels):
            break
        chroma -= 0.002
    return "#" + "".join(f"{round(255 * _encode(c)):02x}" for c in channels)


def _linear_rgb(
    lightness: float, chroma: float, degrees: float
) -> tuple[float, float, float]:
    """Turn OKLCH into linear sRGB (Ottosson, https://bottosson.github.io/posts/oklab)."""
    a = chroma * math.cos(math.radians(degrees))
    b = chroma * math.sin(math.radians(degrees))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _encode(channel: float) -> float:
    channel = min(1.0, max(0.0, channel))
    if channel <= 0.0031308:
        return 12.92 * channel
    return 1.055 * math.pow(channel, 1 / 2.4) - 0.055


def _luminance(colour: str) -> float:
    def decode(part: str) -> float:
        value = int(part, 16) / 255
        if value <= 0.04045:
            return value / 12.92
        return math.pow((value + 0.055) / 1.055, 2.4)

    red, green, blue = (decode(colour[i : i + 2]) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
