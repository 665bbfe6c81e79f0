# SPDX-License-Identifier: Apache-2.0
"""An #include may point only to a lower floor or to the porch (include/sterna); rooms of one floor are strangers.

    python3 tools/checks/check_layers.py

The floors are those of docs/architecture.md. Also kept here: nothing of Sterna in the porch but the porch; files of one
instruction set include only kernels/table.h, the names of the scalar kernels, <cstddef>, <cstdint>, intrinsics and
-inl.h files of their own set (those of x86 also AVX2's); and environment variables are read in
src/platform/environment.cc alone.
"""
import re

import tree

FLOORS = {
    "base": 0, "platform": 0, "quant": 1, "config": 1, "monitor": 1, "memory": 2, "format": 2, "sample": 2, "text": 3, "kernels": 3, "gpu": 3,
    "backend": 4, "grammar": 4, "model": 5, "engine": 6, "server": 7, "download": 7, "convert": 7, "batch": 7, "tune": 7, "api": 8, "router": 8, "apps": 9,
}
# The one arrow within a floor: the operating-system room uses Status, checked math and the log.
SAME_FLOOR = {("platform", "base")}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
ISA_FOLDERS = {"amx", "avx2", "avxvnni", "avx512", "neon"}
STARTS_FROM = {"avxvnni": "avx2", "avx512": "avx2", "amx": "avx2|avx512"}  # sets whose kernels these start from
# scalar_ops.h: declarations alone, for fields that a table takes from the scalar one.
ISA_INCLUDES = re.compile(r"kernels/(?:table|intrinsics|scalar/scalar_ops)\.h|cstddef|cstdint|\w*intrin\.h|arm_neon\.h")
GETENV = re.compile(r"\b(secure_)?getenv\s*\(")


def room_of(path):
    parts = path.parts
    if parts[0] == "src":
        return parts[1]
    return "apps" if parts[0] == "apps" else "porch"


def target_room(name):
    """The room an include points to; None for the system, other libraries and files beside the source."""
    first, slash, _ = name.partition("/")
    if not slash:
        return None
    return "porch" if first == "sterna" else first if first in FLOORS else None


def complaint_about(path, line, own, name, target):
    where = f"{path}:{line}: "
    if target == own or target == "porch" or target is None:
        return None
    if own == "porch":
        return f"{where}the porch may not include {name}"
    if FLOORS[target] == FLOORS[own] and (own, target) not in SAME_FLOOR:
        return f"{where}{own} and {target} stand on the same floor ({FLOORS[own]}): {name}"
    if FLOORS[target] > FLOORS[own]:
        return f"{where}{own} (floor {FLOORS[own]}) may not include {target} (floor {FLOORS[target]}): {name}"
    return None


def isa_complaint(path, line, quote, name):
    folder = path.parts[2] if path.parts[:2] == ("src", "kernels") and len(path.parts) > 3 else ""
    if folder not in ISA_FOLDERS or ISA_INCLUDES.fullmatch(name):
        return None
    beside = quote == '"' and (name.startswith(f"kernels/{folder}/") or
                               (folder in STARTS_FROM and re.fullmatch(rf"kernels/(?:{STARTS_FROM[folder]})/\w+-inl\.h", name)))
    return None if beside else f"{path}:{line}: a file of one instruction set may not include {name}"


def check_file(path, text):
    own = room_of(path)
    if own != "porch" and own not in FLOORS:
        return [f"{path}: room '{own}' has no floor in tools/checks/check_layers.py"]
    complaints = []
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        quote, name = match.groups()
        complaints += [complaint_about(path, line, own, name, target_room(name)),
                       isa_complaint(path, line, quote, name)]
    if GETENV.search(text) and str(path) != "src/platform/environment.cc":
        complaints.append(f"{path}: environment variables are read in src/platform/environment.cc alone")
    return [complaint for complaint in complaints if complaint]


def check(root):
    complaints = []
    for path in tree.files(root, "*.h", "*.cc", "*.inc"):
        if path.parts[0] in ("src", "apps", "include"):
            complaints += check_file(path, tree.read(root, path))
    return complaints


if __name__ == "__main__":
    tree.main(check)
