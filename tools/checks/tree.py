# SPDX-License-Identifier: Apache-2.0
"""What all checks share: the list of tracked files, and how a check reports and ends.

Each check is a module with `check(root) -> list of complaints`; `python3 tools/checks/NAME.py [ROOT]` runs it alone.
"""
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def files(root, *patterns):
    """Files under `root` that git tracks or would track, matching a glob each; without git, every file."""
    root = pathlib.Path(root)
    try:
        listing = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        listing = [str(path.relative_to(root)) for path in root.rglob("*")
                   if ".git" not in path.parts and not path.relative_to(root).parts[0].startswith("build")]
    chosen = [pathlib.PurePosixPath(name) for name in listing if name]
    return sorted(path for path in chosen
                  if (root / path).is_file() and any(path.match(pattern) for pattern in patterns))


def read(root, path):
    return (pathlib.Path(root) / path).read_text(encoding="utf-8", errors="surrogateescape")


def main(check):
    """Runs a check on the folder named on the command line (default: this repository)."""
    complaints = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY)
    for complaint in complaints:
        print(complaint)
    name = pathlib.Path(sys.argv[0]).stem
    print(f"{name}: {len(complaints)} complaint(s)" if complaints else f"{name}: ok")
    sys.exit(1 if complaints else 0)
