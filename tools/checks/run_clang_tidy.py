# SPDX-License-Identifier: Apache-2.0
"""clang-tidy over the sources of a build, newest changes first, within a time budget.

    python3 tools/checks/run_clang_tidy.py BUILD [--seconds N] [--jobs N] [PATH...]

BUILD holds compile_commands.json. With PATHs only these files. What the budget leaves out is named and is no failure.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import time

import tree


def sources(build):
    """Paths below src/ and apps/ that the build compiles, relative to the repository."""
    entries = json.loads((pathlib.Path(build) / "compile_commands.json").read_text())
    found = {os.path.relpath(os.path.join(entry["directory"], entry["file"]), tree.REPOSITORY) for entry in entries}
    return {path for path in found if path.startswith(("src/", "apps/"))}


def newest_first(paths):
    """By the last commit that touched them; files without one come first."""
    log = subprocess.run(["git", "log", "--format=", "--name-only"], cwd=tree.REPOSITORY, capture_output=True, text=True,
                         check=False).stdout.split("\n")
    rank = {}
    for name in log:
        rank.setdefault(name, len(rank) + 1)
    return sorted(paths, key=lambda path: (rank.get(path, 0), path))


def tidy(build, path):
    # The build may be another compiler's, with warnings that clang does not know.
    command = ["clang-tidy", "-p", str(build), "--quiet", "--extra-arg=-Wno-unknown-warning-option", path]
    return subprocess.run(command, cwd=tree.REPOSITORY, capture_output=True, text=True, check=False)


def run(build, paths, seconds, jobs):
    """(number of files with findings, files not looked at)."""
    deadline = time.monotonic() + seconds
    left = list(paths)
    failures = 0

    def work():
        nonlocal failures
        while left and time.monotonic() < deadline:
            try:
                path = left.pop(0)
            except IndexError:
                return
            done = tidy(build, path)
            if done.returncode != 0:
                failures += 1
                print(done.stdout + (done.stderr if not done.stdout.strip() else ""), flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for future in [pool.submit(work) for _ in range(jobs)]:
            future.result()
    return failures, left


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_intermixed_args()
    build = pathlib.Path(arguments.build).resolve()
    paths = arguments.paths or newest_first(sources(build))
    failures, left = run(build, paths, arguments.seconds, arguments.jobs)
    print(f"clang-tidy: {len(paths) - len(left)} of {len(paths)} files looked at, {failures} with findings"
          + (f"; out of time for {', '.join(left[:3])}{' ...' if len(left) > 3 else ''}" if left else ""))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
