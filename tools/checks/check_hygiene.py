# SPDX-License-Identifier: Apache-2.0
"""Every source says its licence, is ASCII, and names no path of one machine.

    python3 tools/checks/check_hygiene.py

Test data may hold any bytes. Prose (*.md) need not say its licence: LICENSE covers it.
"""
import re

import tree

SOURCES = ("*.cc", "*.h", "*.inc", "*.py", "*.sh", "*.cmake", "CMakeLists.txt", "Makefile", "run")
TEXTS = SOURCES + ("*.md", "*.json", "*.yaml", "*.toml", "*.txt")
LICENCE = "SPDX-License-Identifier: Apache-2.0"
# Put together so that this file does not complain about itself.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:" + "|".join(["work", "farm", "opt/oracle", "home/[a-z]", "tmp/b-", "root/"]) + r")\b")
NAMES_TO_AVOID = re.compile(r"(?:^|_)(?:utils?|misc|common\d?|new|old|backup)$")
DATA = ("tests/data/", "fuzz/corpus/", "models/")
# Sources whose business is text in other scripts: their strings are what they test or train on.
NON_ASCII_ALLOWED = ("tests/", "tools/goldens/", "tools/demo_model/")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_text(path, text):
    complaints = []
    for match in MACHINE_PATHS.finditer(text):
        complaints.append(f"{path}:{line_of(text, match.start())}: path of one machine: {match.group()}")
    if not any(path.match(pattern) for pattern in SOURCES):
        return complaints
    if LICENCE not in text[:300]:
        complaints.append(f"{path}: no line '{LICENCE}' at the top")
    foreign = re.search(r"[^\x00-\x7f]", text)
    if foreign and not str(path).startswith(NON_ASCII_ALLOWED):
        complaints.append(f"{path}:{line_of(text, foreign.start())}: not ASCII")
    if path.suffix in (".cc", ".h") and NAMES_TO_AVOID.search(path.stem):
        complaints.append(f"{path}: a name that says nothing about what is inside")
    return complaints


def check(root):
    complaints = []
    for path in tree.files(root, *TEXTS):
        if not str(path).startswith(DATA):
            complaints += check_text(path, tree.read(root, path))
    return complaints


if __name__ == "__main__":
    tree.main(check)
