# SPDX-License-Identifier: Apache-2.0
"""Writes the expected values of exact_math_test.cc, computed with 300 bits by mpmath (PyPI: mpmath).

    python3 tests/unit/base/make_exact_math_values.py > tests/data/base/exact_math_values.txt

Each line: function, arguments, expected value; all numbers as C hexadecimal floats, results rounded to double.
"""
import random

from mpmath import cos, exp, log, mp, mpf, power, sin

mp.prec = 300
FUNCTIONS = {"exp": exp, "log": log, "sin": sin, "cos": cos, "pow": power}


def emit(name, *arguments):
    exact = FUNCTIONS[name](*(mpf(a) for a in arguments))
    print(name, *(a.hex() for a in arguments), float(exact).hex())


def main():
    rng = random.Random(7)
    print("# Made by tests/unit/base/make_exact_math_values.py")
    for x in [0.0, 1.0, -1.0, 1e-20, 0.34657359027997264, -0.3465735902799727, 88.7, -87.3, 709.7, -708.3, -740.0]:
        emit("exp", x)
    for _ in range(12):
        emit("exp", rng.uniform(-30, 30))
    for x in [1.0, 2.0, 0.5, 10.0, 1 + 2.0**-52, 1 - 2.0**-53, 1.4142135623730951, 0.7071067811865475, 5e-324, 1e-310, 1.7e308]:
        emit("log", x)
    for _ in range(12):
        emit("log", rng.uniform(0.2, 5))
    for x in [0.0, 1e-9, 0.7853981633974483, 0.7853981633974484, 1.5707963267948966, 3.141592653589793, 6.283185307179586,
              -2.0, 100.5, 4095.0, 131071.0, 134217728.0, -134217727.25, 5419351.0 / 2, 122925461.0]:
        emit("sin", x)
        emit("cos", x)
    for _ in range(12):
        x = float(rng.randrange(1 << 20)) * 500000.0 ** (-rng.randrange(64) / 64)
        emit("sin", x)
        emit("cos", x)
    for base in [10000.0, 500000.0]:
        for i in [0, 1, 7, 31, 63]:
            emit("pow", base, -2.0 * i / 128)
    for x, y in [(2.0, 0.5), (2.0, -1074.0), (10.0, 308.0), (1.0000001, 1e9), (0.3, 500.0), (7.0, 0.0)]:
        emit("pow", x, y)


main()
