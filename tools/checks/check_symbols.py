# SPDX-License-Identifier: Apache-2.0
"""Each object file of one instruction set defines exactly one global symbol, its kernel table, and no weak symbol.

    python3 tools/checks/check_symbols.py BUILD [BUILD...]

A weak symbol (an inline function or a template compiled with -mavx2) may be the one copy that the linker keeps for the
whole program, which then stops on CPUs without AVX2. Objects are found below BUILD by their folder
(kernels/avx2/*.o and its kin). A build without such objects is an error unless it has the scalar kernels alone.
"""
import pathlib
import re
import subprocess
import sys

ISA_OBJECT = re.compile(r"/kernels/(?:CMakeFiles/\w+\.dir/)?(amx|avx2|avxvnni|avx512|neon)\w*/[^/]+\.o$")
TABLE = re.compile(r"k\w+Table")


def complaints_about(object_name, nm_output):
    """`nm_output`: lines of nm --defined-only --demangle --format=posix."""
    global_names = []
    complaints = []
    for line in nm_output.splitlines():
        words = re.match(r"(.*?\S)\s+([A-Za-z])\s+[0-9a-f]+(?:\s+[0-9a-f]+)?\s*$", line)
        if not words:
            continue
        name, kind = words.groups()
        if kind in "wWvVu":
            complaints.append(f"{object_name}: weak symbol {name}")
        elif kind.isupper():
            global_names.append(name)
    tables = [name for name in global_names if TABLE.search(name)]
    if len(tables) > 1 or len(global_names) != len(tables):
        complaints.append(f"{object_name}: global symbols {global_names}; only a kernel table may be one")
    return complaints, len(tables)


def symbols(path):
    command = ["nm", "--defined-only", "--demangle", "--format=posix", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check(build):
    objects = [path for path in sorted(pathlib.Path(build).rglob("*.o")) if ISA_OBJECT.search(path.as_posix())]
    cache = pathlib.Path(build) / "CMakeCache.txt"
    if not objects:
        scalar_only = cache.exists() and re.search(r"STERNA_SCALAR_ONLY:BOOL=(ON|1|TRUE)", cache.read_text())
        return [] if scalar_only else [f"{build}: no object of an instruction set found"]
    complaints = []
    for path in objects:
        found, count = complaints_about(path.relative_to(build), symbols(path))
        complaints += found
        if count == 0:
            complaints.append(f"{path.relative_to(build)}: no kernel table")
    return complaints


def main():
    complaints = [complaint for build in sys.argv[1:] for complaint in check(build)]
    for complaint in complaints:
        print(complaint)
    print("check_symbols: " + (f"{len(complaints)} complaint(s)" if complaints else "ok"))
    sys.exit(1 if complaints or len(sys.argv) < 2 else 0)


if __name__ == "__main__":
    main()
