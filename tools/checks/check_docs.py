# SPDX-License-Identifier: Apache-2.0
"""What the documents name must exist: paths, make targets, CMake presets, and the flags of `sterna VERB`.

    python3 tools/checks/check_docs.py [--sterna build/sterna] [ROOT]

Looked at in Markdown: the targets of links, and otherwise code spans and code blocks only. A path counts when it begins
with a folder of the repository and holds no placeholder in capitals (src/NAME/x.h); before * or <...> the folder is
checked. Flags are checked where a line of code begins with `sterna VERB` or `build/sterna VERB`, against
`sterna VERB --help`, and only with --sterna.
"""
import argparse
import functools
import pathlib
import re
import subprocess
import sys

import tree

CODE = re.compile(r"```([^\n]*)\n(.*?)```|`([^`\n]+)`", re.DOTALL)
PRINTED = re.compile(r"^(?!\$ ).*$", re.MULTILINE)  # in a console block: what a command prints
FOLDERS = "apps|bench|cmake|docs|fuzz|include|lab|models|src|tests|tools|examples|deploy|\\.ci"
LINK = re.compile(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")
PATH = re.compile(rf"(?<![\w/.$~-])(?:\./)?((?:{FOLDERS})/[\w./-]*\w)/?(?![\w*<{{])")
MAKE = re.compile(r"(?:^|[\s;&|(])make ((?:[a-z][a-z0-9-]*|[A-Z_]+=\S+)(?: (?:[a-z][a-z0-9-]*|[A-Z_]+=\S+))*)", re.MULTILINE)
PRESET = re.compile(r"\b(?:cmake|ctest)\b[^\n]*?--preset[ =]([\w-]+)")  # other programs have presets of their own
CALL = re.compile(r"^\s*(?:\$ )?(?:build/|\./)?sterna ([a-z][a-z-]*)([^\n|;#]*)", re.MULTILINE)
FLAG = re.compile(r"(?<=\s)(--?[a-zA-Z][\w-]*)")
PLACEHOLDER = re.compile(r"(?:^|/)[A-Z]{3,}(?:[/_]|$)")


def code_pieces(text):
    """(line number, code) of each code span and block."""
    for match in CODE.finditer(text):
        language, block, span = match.groups()
        code = PRINTED.sub("", block) if language == "console" else block or span or ""
        yield text.count("\n", 0, match.start()) + 1, code


def make_targets(root):
    path = pathlib.Path(root) / "Makefile"
    return set(re.findall(r"^([a-z][a-z0-9-]*):", path.read_text(), re.MULTILINE)) if path.exists() else set()


def presets(root):
    path = pathlib.Path(root) / "CMakePresets.json"
    return set(re.findall(r'"name": "([^"]+)"', path.read_text())) if path.exists() else set()


def missing_paths(root, code):
    for name in PATH.findall(code):
        if not PLACEHOLDER.search(name) and not (pathlib.Path(root) / name).exists():
            yield f"no such path: {name}"


def missing_names(root, code):
    for call in MAKE.findall(code):
        targets = [word for word in call.split() if "=" not in word]
        yield from (f"no such make target: {target}" for target in targets[:1] if target not in make_targets(root))
    yield from (f"no such preset: {name}" for name in PRESET.findall(code) if name not in presets(root))


@functools.lru_cache(maxsize=None)
def help_text(sterna, verb):
    """The text of `sterna VERB --help`, or None for an unknown verb."""
    done = subprocess.run([sterna, verb, "--help"], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 else None


def missing_flags(sterna, code):
    for verb, rest in CALL.findall(code):
        text = help_text(sterna, verb)
        if text is None:
            yield f"no such verb: sterna {verb}"
            continue
        rest = re.sub(r"'[^']*'|\"[^\"]*\"", "TEXT", rest)
        for flag in FLAG.findall(rest):
            if not re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text) and flag != "--help":
                yield f"sterna {verb} has no flag {flag}"


def missing_links(root, path, text):
    for match in LINK.finditer(text):
        if not (pathlib.Path(root) / path.parent / match.group(1)).exists():
            yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}: link to nothing: {match.group(1)}"


def check(root, sterna=None):
    complaints = []
    for path in tree.files(root, "*.md"):
        if path.parts[0] in ("tests", "fuzz") and path.parts[1:2] == ("data",):
            continue
        text = tree.read(root, path)
        complaints += missing_links(root, path, CODE.sub(lambda match: "\n" * match.group().count("\n"), text))
        for line, code in code_pieces(text):
            found = list(missing_paths(root, code)) + list(missing_names(root, code))
            found += list(missing_flags(sterna, code)) if sterna else []
            complaints += [f"{path}:{line}: {complaint}" for complaint in found]
    return complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sterna", help="the executable, to check flags against its --help")
    parser.add_argument("root", nargs="?", default=tree.REPOSITORY)
    arguments = parser.parse_args()
    complaints = check(arguments.root, arguments.sterna)
    for complaint in complaints:
        print(complaint)
    print("check_docs: " + (f"{len(complaints)} complaint(s)" if complaints else "ok"))
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
