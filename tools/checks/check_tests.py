# SPDX-License-Identifier: Apache-2.0
"""Every *_test.cc and test_*.py under tests/ is named in the CMakeLists.txt beside it, and every name there exists.

    python3 tools/checks/check_tests.py
"""
import pathlib
import re

import tree


def check(root):
    complaints = []
    named = {}
    for path in tree.files(root, "CMakeLists.txt"):
        if path.parts[0] == "tests":
            text = re.sub(r"#[^\n]*", "", tree.read(root, path))
            named[path.parent] = set(re.findall(r"[\w./-]+", text))
    for path in tree.files(root, "*_test.cc", "test_*.py"):
        if path.parts[0] != "tests":
            continue
        names = named.get(path.parent, set())
        if path.name not in names and path.stem not in names and not globbed(root, path):
            complaints.append(f"{path}: not named in {path.parent}/CMakeLists.txt, so it never runs")
    for folder, names in named.items():
        for name in sorted(name for name in names if name.endswith("_test.cc")):
            if not (pathlib.Path(root) / folder / name).exists():
                complaints.append(f"{folder}/CMakeLists.txt: no file {name}")
    return complaints


def globbed(root, path):
    """Whether the folder's CMakeLists.txt takes every test_*.py it finds."""
    lists = pathlib.Path(root) / path.parent / "CMakeLists.txt"
    return path.suffix == ".py" and lists.exists() and "test_*.py" in lists.read_text()


if __name__ == "__main__":
    tree.main(check)
