# SPDX-License-Identifier: Apache-2.0
"""Every *_test.cc and test_*.py under tests/ is named in the CMakeLists.txt beside it, and every name there exists.

    python3 tools/checks/check_tests.py
"""
import pathlib
import re

import tree


def is_named(path, text):
    """Whether a CMakeLists.txt without its comments takes this test: by name, as test_${area} in a list, or by glob."""
    names = set(re.findall(r"[\w./-]+", text))
    if path.name in names or path.stem in names:
        return True
    if path.suffix != ".py":
        return False
    return "test_*.py" in text or ("test_${" in text and path.stem.removeprefix("test_") in names)


def check(root):
    complaints = []
    lists = {path.parent: re.sub(r"#[^\n]*", "", tree.read(root, path))
             for path in tree.files(root, "CMakeLists.txt") if path.parts[0] == "tests"}
    for path in tree.files(root, "*_test.cc", "test_*.py"):
        if path.parts[0] == "tests" and not is_named(path, lists.get(path.parent, "")):
            complaints.append(f"{path}: not named in {path.parent}/CMakeLists.txt, so it never runs")
    for folder, text in lists.items():
        for name in sorted(set(re.findall(r"\w+_test\.cc", text))):
            if not (pathlib.Path(root) / folder / name).exists():
                complaints.append(f"{folder}/CMakeLists.txt: no file {name}")
    return complaints


if __name__ == "__main__":
    tree.main(check)
