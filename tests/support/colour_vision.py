"""How different two colours are to the eye, also to one that lacks a kind of cones."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_D65 = np.array([0.95047, 1.0, 1.08883])

VISIONS: dict[str, Array] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
"""Linear RGB as each vision sees it, at full severity: Machado, Oliveira and Fernandes (2009)."""


def least_difference(colours: Sequence[str], vision: str) -> tuple[float, tuple[str, str]]:
    """The two of the "#rrggbb" that look most alike, and their difference (CIEDE2000)."""
    seen = {colour: to_lab(np.clip(VISIONS[vision] @ _linear(colour), 0, 1)) for colour in colours}
    assert len(seen) == len(colours), "a colour stands there twice"
    return min((ciede2000(seen[a], seen[b]), (a, b)) for a, b in combinations(colours, 2))


def contrast(colour: str, ground: str) -> float:
    """The contrast ratio of WCAG, 1 to 21."""
    dark, bright = sorted(float(_TO_XYZ[1] @ _linear(each)) for each in (colour, ground))
    return (bright + 0.05) / (dark + 0.05)


def mixed(colour: str, ground: str, opacity: float) -> str:
    """What a colour of some opacity looks like on a ground."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return "#" + "".join(f"{round(opacity * c + (1 - opacity) * g):02x}" for c, g in pairs)


def to_lab(linear: Array) -> Array:
    """CIELAB of a linear RGB (3,), under D65."""
    xyz = _TO_XYZ @ linear / _D65
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first: Array, second: Array) -> float:
    """The difference of two CIELAB colours (3,), in the notation of Sharma, Wu and Dalal (2005)."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_c = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    hue = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    dl, dc, dh = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(hue / 2))
    l_, c_ = (l1 + l2) / 2, (c1 + c2) / 2
    h_ = h1 + hue / 2 if c1 * c2 else h1 + h2
    t = (
        1
        - 0.17 * np.cos(np.radians(h_ - 30))
        + 0.24 * np.cos(np.radians(2 * h_))
        + 0.32 * np.cos(np.radians(3 * h_ + 6))
        - 0.20 * np.cos(np.radians(4 * h_ - 63))
    )
    turn = np.radians(60 * np.exp(-(((h_ % 360 - 275) / 25) ** 2)))
    s_l = 1 + 0.015 * (l_ - 50) ** 2 / np.sqrt(20 + (l_ - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_, 1 + 0.015 * c_ * t
    r_t = -2 * np.sqrt(c_**7 / (c_**7 + 25.0**7)) * np.sin(turn)
    parts = np.array((dl / s_l, dc / s_c, dh / s_h))
    return float(np.sqrt(parts @ parts + r_t * parts[1] * parts[2]))


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _linear(colour: str) -> Array:
    channels = np.array(_channels(colour)) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
