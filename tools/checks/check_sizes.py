# SPDX-License-Identifier: Apache-2.0
"""Files over 800 lines and functions over 80 lines fail; over 400 and 40 they are mentioned.

    python3 tools/checks/check_sizes.py

Exceptions stand in tools/checks/size_allow.txt, one `PATH REASON` or `PATH:FUNCTION REASON` a line. An exception that is
not needed any more fails as well, so that the list only shrinks.
"""
import pathlib

import cpp_functions
import tree

FILE_SOFT, FILE_HARD = 400, 800
FUNCTION_SOFT, FUNCTION_HARD = 40, 80
ALLOW = "tools/checks/size_allow.txt"


def allowed(root):
    path = pathlib.Path(root) / ALLOW
    if not path.exists():
        return {}
    lines = [line.split(None, 1) for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return {words[0]: words[1] if len(words) > 1 else "" for words in lines}


def oversized(root, path):
    """(name, lines, soft limit, hard limit) of what is over a soft limit in one file."""
    text = tree.read(root, path)
    lines = text.count("\n")
    if lines > FILE_SOFT:
        yield str(path), lines, FILE_SOFT, FILE_HARD
    if path.suffix in (".cc", ".h"):
        for name, _, length in cpp_functions.functions(text):
            if length > FUNCTION_SOFT:
                yield f"{path}:{name}", length, FUNCTION_SOFT, FUNCTION_HARD


def measure(root):
    """(complaints, remarks)."""
    exceptions = allowed(root)
    complaints = [f"{ALLOW}: {name} has no reason" for name, reason in exceptions.items() if not reason]
    remarks, used = [], set()
    for path in tree.files(root, "*.cc", "*.h", "*.py", "*.sh", "*.cmake"):
        for name, lines, soft, hard in oversized(root, path):
            if lines <= hard:
                remarks.append(f"{name}: {lines} lines (soft limit {soft})")
            elif name in exceptions:
                used.add(name)
            else:
                complaints.append(f"{name}: {lines} lines, the limit is {hard}")
    complaints += [f"{ALLOW}: {name} is not needed any more" for name in sorted(set(exceptions) - used)]
    return complaints, remarks


def check(root):
    complaints, remarks = measure(root)
    for remark in remarks:
        print(f"remark: {remark}")
    return complaints


if __name__ == "__main__":
    tree.main(check)
