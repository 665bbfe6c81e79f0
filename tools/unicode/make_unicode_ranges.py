#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
r"""Writes src/text/unicode_ranges.inc: the code points of \p{L}, \p{N} and \s.

The ranges are read out of the `tokenizers` package itself (its regular-expression
engine is asked about every code point), so that the engine's own matcher classifies
characters exactly as the reference tokenizers do, whatever Unicode version they carry.

    python tools/unicode/make_unicode_ranges.py          # rewrite the table
    python tools/unicode/make_unicode_ranges.py --check  # exit 1 if it is out of date

Needs the PyPI package `tokenizers`.
"""
import argparse
import pathlib
import sys

import tokenizers
from tokenizers import Regex, pre_tokenizers

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "src" / "text" / "unicode_ranges.inc"
CLASSES = (("kLetterRanges", r"\p{L}"), ("kNumberRanges", r"\p{N}"), ("kSpaceRanges", r"\s"))
# The first letter that each Unicode version added: tells which version the engine has.
FIRST_LETTERS = (("12.0", 0x0E86), ("13.0", 0x08BE), ("14.0", 0x0870), ("15.0", 0x1123F),
                 ("15.1", 0x2EBF0), ("16.0", 0x10D4A), ("17.0", 0x16EA0))


def all_code_points():
    """Every Unicode scalar value: surrogates cannot occur in UTF-8."""
    return [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def members(pattern, text):
    """The code points of `text` that `pattern` (one character class) matches."""
    split = pre_tokenizers.Split(Regex(pattern + "+"), "removed", invert=True)
    found = set()
    for piece, _ in split.pre_tokenize_str(text):
        found.update(map(ord, piece))
    return found


def ranges_of(found):
    """Inclusive [first, last] runs, in increasing order."""
    runs = []
    for c in sorted(found):
        if runs and c == runs[-1][1] + 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    return runs


def unicode_version(letters):
    known = [version for version, c in FIRST_LETTERS if c in letters]
    return known[-1] if known else "older than 12.0"


def render():
    text = "".join(map(chr, all_code_points()))
    sets = {name: members(pattern, text) for name, pattern in CLASSES}
    version = unicode_version(sets["kLetterRanges"])
    out = ["// SPDX-License-Identifier: Apache-2.0",
           "// Written by tools/unicode/make_unicode_ranges.py; do not edit.",
           f"// Source: the regular expressions of tokenizers {tokenizers.__version__},"
           f" whose tables are Unicode {version}.",
           "// clang-format off"]
    for name, pattern in CLASSES:
        runs = ranges_of(sets[name])
        out.append("")
        out.append(f"// {pattern}: {len(sets[name])} code points in {len(runs)} ranges.")
        out.append(f"constexpr CodePointRange {name}[] = {{")
        line = ""
        for first, last in runs:
            cell = f"{{0x{first:X},0x{last:X}}},"
            if len(line) + len(cell) > 100:
                out.append(line)
                line = ""
            line += cell
        out += [line, "};"]
    out.append("// clang-format on")
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    new = render()
    if args.check:
        same = TABLE.exists() and TABLE.read_text(encoding="utf-8") == new
        print("unicode_ranges.inc is", "up to date" if same else "out of date")
        return 0 if same else 1
    TABLE.write_text(new, encoding="utf-8")
    print(f"wrote {TABLE.relative_to(ROOT)}: {len(new)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
