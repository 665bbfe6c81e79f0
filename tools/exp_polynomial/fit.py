#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the constants of src/kernels/scalar/exp.h and the polynomial's own error.

q(r) = (e^r - 1 - r) / r^2 is interpolated at the five Chebyshev nodes of [-ln 2 / 2, ln 2 / 2] in 60 decimal digits;
coefficients are rounded to float afterwards. Run: python3 tools/exp_polynomial/fit.py
"""

import math
import struct
from decimal import Decimal, getcontext

NODES = 5


def to_float(value):
    """The nearest float32."""
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def solve(matrix, right):
    """The solution of a small linear system by Gauss-Jordan elimination with pivots."""
    rows = [row + [value] for row, value in zip(matrix, right)]
    for i in range(len(rows)):
        pivot = max(range(i, len(rows)), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(len(rows)):
            if k != i:
                factor = rows[k][i] / rows[i][i]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i])]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


def exact_q(r):
    """(e^r - 1 - r) / r^2 by its series."""
    total, term = Decimal(0), Decimal(1) / 2
    for k in range(3, 60):
        total += term
        term = term * r / k
    return total


def relative_error(coefficients, half_width):
    """The largest |1 + r + r^2 q(r) - e^r| / e^r on a grid."""
    worst = Decimal(0)
    for i in range(2001):
        r = half_width * (i - 1000) / 1000
        approximation = 1 + r + sum(c * r ** (k + 2) for k, c in enumerate(coefficients))
        worst = max(worst, abs(approximation - r.exp()) / r.exp())
    return worst


def main():
    getcontext().prec = 60
    ln2 = Decimal(2).ln()
    half_width = ln2 / 2
    nodes = [half_width * Decimal(math.cos(math.pi * (2 * k + 1) / (2 * NODES))) for k in range(NODES)]
    coefficients = solve([[r**k for k in range(NODES)] for r in nodes], [exact_q(r) for r in nodes])
    rounded = [to_float(c) for c in coefficients]
    for k, value in enumerate(rounded):
        print(f"kExpQ{k} = {value.hex()}")
    high = to_float(ln2)
    print(f"kExpLog2e = {to_float(1 / ln2).hex()}")
    print(f"kExpLn2High = {high.hex()}")
    print(f"kExpLn2Low = {to_float(ln2 - Decimal(high)).hex()}")
    print(f"largest relative error of e^r: {float(relative_error([Decimal(c) for c in rounded], half_width)):.3g}")


if __name__ == "__main__":
    main()
