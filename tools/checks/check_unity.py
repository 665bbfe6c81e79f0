# SPDX-License-Identifier: Apache-2.0
"""No name stands in the anonymous namespaces of two source files of one room, for CMake makes one of several (HACKING.md).

    python3 tools/checks/check_unity.py

Which files are joined depends on their order, so a new file far away would else be what breaks the build. Looks at what begins
in the first column between `namespace {` and its end: types, constants, aliases, functions by their parameters' types.
"""
import collections
import re

import tree

TYPE = re.compile(r"(?:class|struct|union|enum(?: class)?) (\w+)[^;]*$")
ALIAS = re.compile(r"(using|namespace) (\w+) = (.*)")
CONSTANT = re.compile(r"(?:inline |static |constexpr |const |thread_local )+[\w:<>,&* ]*?\b(k[A-Z]\w*)\b")
FUNCTION = re.compile(r"(?!return|using|namespace|class|struct|enum|union|template|static_assert)[\w:<>,&*\[\] ]+?[ *&](\w+)\((.*)")


def folder_of(path):
    """The files of one target: a room of src, or the executable; kernels are compiled one by one, for their flags."""
    parts = path.split("/")
    return "/".join(parts[:2]) if parts[0] in ("src", "apps") else None


def parameter_types(text):
    """Of what follows the parenthesis: without names and defaults, so that equal ones are equal text."""
    depth, end = 1, len(text)
    for i, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth == 0:
            end = i
            break
    types = []
    for parameter in re.split(r",(?![^<>]*>)", text[:end]):
        parameter = parameter.split("=")[0].strip()
        types.append(re.sub(r"(?<=[\w>&*]) ?\b\w+$", "", parameter) if " " in parameter else parameter)
    return ", ".join(types)


def definitions(text):
    """(enclosing namespace, what is defined, and what would make it no clash)."""
    inside, space = False, ""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.startswith("namespace ") and line.endswith("{") and line != "namespace {":
            space = line
        elif line == "namespace {":
            inside = True
        elif line.startswith("}  // namespace"):
            inside = False
        elif inside and line[:1].isalpha():
            if found := ALIAS.match(line):
                yield space, found.group(2), found.group(3)
            elif found := TYPE.match(line):
                yield space, found.group(1), None
            elif found := CONSTANT.match(line):
                yield space, found.group(1), None
            elif found := FUNCTION.match(line):
                rest = found.group(2) + " ".join(lines[number + 1:number + 4])
                yield space, f"{found.group(1)}({parameter_types(rest)})", None


def check(root):
    seen = collections.defaultdict(dict)
    complaints = []
    for path in map(str, tree.files(root, "*.cc")):
        folder = folder_of(path)
        for space, name, meaning in definitions(tree.read(root, path)) if folder else ():
            there = seen[folder, space].setdefault(name, (path, meaning))
            if there[0] != path and (meaning is None or meaning != there[1]):
                complaints.append(f"{path}: {name} stands in {there[0]} too; give it a name of its own, or one place")
    return complaints


if __name__ == "__main__":
    tree.main(check)
