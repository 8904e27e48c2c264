"""
Colour profiles for PNGs that describe their colours by numbers instead.

Browsers turn these numbers into a profile; Pillow only returns them. This module does what Chromium does, including its
exceptions, and leaves the arithmetic of colours to Little CMS.
"""

import struct
from collections.abc import Sequence

_Matrix = Sequence[Sequence[float]]
# White, red, green and blue, as x and y of each.
_Chromaticities = Sequence[float]

_D65, _C, _E, _DCI = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3), (0.314, 0.351)
# ITU-T H.273, table 2: the code points of cICP for primaries.
_PRIMARIES: dict[int, _Chromaticities] = {
    1: (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    7: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (*_E, 1, 0, 0, 1, 0, 0),
    11: (*_DCI, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}
# ITU-T H.273, table 3, as (g, a, b, c, d): (a * v + b) ** g from d on, c * v below. Browsers decode the curves of
# television (1, 6, 11, 14, 15) as its screens do, by 2.4.
_TELEVISION = (2.4, 1, 0, 0, 0)
_SRGB = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_TRANSFERS: dict[int, Sequence[float]] = {
    **dict.fromkeys((1, 6, 11, 14, 15), _TELEVISION),
    4: (2.2, 1, 0, 0, 0),
    5: (2.8, 1, 0, 0, 0),
    7: (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: (1, 1, 0, 0, 0),
    13: _SRGB,
    17: (2.6, (52.37 / 48) ** (1 / 2.6), 0, 0, 0),
}
# gAMA's numbers for sRGB, which is meant where no cHRM says otherwise: 1 / 2.2, and whatever is near.
_USUAL_GAMMAS = range(43_182, 47_728)

# ICC.1:2010: colours are given as seen under D50; annex E adapts them by Bradford's cone responses.
_D50 = (0.9642, 1, 0.8249)
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


def profile_from_code_points(primaries: int, transfer: int) -> bytes:
    """
    Return the profile for the code points of a cICP chunk; nothing for those that browsers ignore as well.
    """
    if primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return b""
    return _build(_PRIMARIES[primaries], _TRANSFERS[transfer])


def matrix_between(primaries: int, others: int) -> _Matrix:
    """
    Return the matrix that turns linear colours of one code point's primaries into those of another's.

    :raises KeyError: there is no such code point.
    """
    return _product(_inverse(_matrix_to_d50(_PRIMARIES[others])), _matrix_to_d50(_PRIMARIES[primaries]))


def has_primaries(code_point: int) -> bool:
    return code_point in _PRIMARIES


def srgb_profile() -> bytes:
    return _build(_PRIMARIES[1], _SRGB)


def profile_from_chromaticities(gama: bytes, chrm: bytes) -> bytes:
    """
    Return the profile for a gAMA chunk and the primaries of a cHRM chunk; nothing without gAMA.
    """
    if len(gama) != 4 or not (gamma := int.from_bytes(gama)):
        return b""
    chromaticities = [value / 100_000 for value in struct.unpack(">8I", chrm)] if len(chrm) == 32 else None
    if chromaticities is None and gamma in _USUAL_GAMMAS:
        return b""
    try:
        return _build(chromaticities or _PRIMARIES[1], (100_000 / gamma, 1, 0, 0, 0))
    except (ZeroDivisionError, struct.error):
        # The primaries do not span a colour space, or a number does not fit into a profile.
        return b""


def _build(chromaticities: _Chromaticities, curve: Sequence[float]) -> bytes:
    trc = b"para" + struct.pack(">I2H5i", 0, 3, 0, *map(_fixed, curve))
    tags = {b"wtpt": _xyz(_D50)}
    for name, colour in zip((b"r", b"g", b"b"), zip(*_matrix_to_d50(chromaticities))):
        tags |= {name + b"XYZ": _xyz(colour), name + b"TRC": trc}
    start = 132 + 12 * len(tags)
    table, body = b"", b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag
    # Version 2: into a profile of version 4, Little CMS stretches black to black, which browsers do not.
    head = struct.pack(">I4xI4s4s4s12x4s28x", start + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (head + _xyz(_D50)[8:]).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _xyz(colour: Sequence[float]) -> bytes:
    return b"XYZ " + struct.pack(">I3i", 0, *map(_fixed, colour))


def _fixed(value: float) -> int:
    return round(value * 65_536)


def _matrix_to_d50(chromaticities: _Chromaticities) -> _Matrix:
    """
    Return the matrix that turns linear red, green and blue into XYZ under D50.
    """
    white, *primaries = ((x / y, 1, (1 - x - y) / y) if y else (x, y, 1 - x - y) for x, y in _pairs(chromaticities))
    unscaled = list(zip(*primaries))
    amounts = _apply(_inverse(unscaled), white)
    matrix = [[value * amount for value, amount in zip(row, amounts)] for row in unscaled]
    cones, meant = _apply(_BRADFORD, white), _apply(_BRADFORD, _D50)
    adapted = [[value * to / of for value in row] for row, to, of in zip(_BRADFORD, meant, cones)]
    return _product(_inverse(_BRADFORD), _product(adapted, matrix))


def _pairs(numbers: Sequence[float]) -> list[tuple[float, float]]:
    return list(zip(numbers[::2], numbers[1::2]))


def _apply(matrix: _Matrix, vector: Sequence[float]) -> list[float]:
    return [sum(one * other for one, other in zip(row, vector)) for row in matrix]


def _product(left: _Matrix, right: _Matrix) -> list[list[float]]:
    return [list(row) for row in zip(*(_apply(left, column) for column in zip(*right)))]


def _inverse(matrix: _Matrix) -> list[list[float]]:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]
    determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    return [[value / determinant for value in row] for row in cofactors]
