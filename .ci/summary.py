# SPDX-License-Identifier: Apache-2.0
"""The end of a CI run: phases with times, skipped tests with reasons, instruction sets that really ran, and the sum.

    python3 .ci/summary.py FOLDER      FOLDER: phases.tsv and the JUnit files that ctest wrote

The last line is `N passed, N failed, N skipped`: tests, and one more for each phase that failed or was left out.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree

FINDING = re.compile(r"fuzz: (FAILED|\w+ (crash|leak|oom|slow-unit|timeout)-)|SUMMARY: \w*Sanitizer")  # of tools/run_fuzzers.sh
EXECUTED = re.compile(r"kernel tables (executed:.*)")


def cases(path):
    """(name, 'passed' | 'failed' | 'skipped', output) of each test of a JUnit file."""
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        if case.find("failure") is not None or case.find("error") is not None:
            yield case.get("name"), "failed", output
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            # ctest also reports a test as "not run" whose program is missing: that is a failure.
            yield case.get("name"), "skipped" if "SKIP" in output or case.get("status") == "disabled" else "failed", output
        else:
            yield case.get("name"), "passed", output


def skip_reason(output):
    lines = [line.strip() for line in output.splitlines()]
    for index, line in enumerate(lines):
        if line.endswith("Skipped") and index + 1 < len(lines):
            return lines[index + 1]
    return "no reason given"


def read_phases(folder):
    path = folder / "phases.tsv"
    return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []


def main():
    folder = pathlib.Path(sys.argv[1])
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    executed, reasons, failed_names = set(), {}, []
    for path in sorted(folder.glob("*.xml")):
        for name, outcome, output in cases(path):
            totals[outcome] += 1
            if outcome == "passed":
                executed.update(f"{path.stem}: {line}" for line in EXECUTED.findall(output))
            elif outcome == "skipped":
                reasons.setdefault(skip_reason(output), []).append(f"{path.stem}: {name}")
            else:
                failed_names.append(f"{path.stem}: {name}")

    emulated = folder / "arm-cpus.txt"
    if emulated.exists():
        executed.update(f"aarch64, {line}" for line in re.findall(r"arm: (.*: tables .*);", emulated.read_text()))

    print("=== summary")
    phases = read_phases(folder)
    for name, outcome, seconds, reason in phases:
        print(f"{outcome:8} {int(seconds) // 60:3}:{int(seconds) % 60:02}  {name}{': ' + reason if reason else ''}")
    failed_phases = [phase for phase in phases if phase[1] == "FAILED"]
    skipped_phases = [phase for phase in phases if phase[1] == "skipped"]
    for line in sorted(executed) or ["none named by a test"]:
        print(f"kernel tables, {line}")
    for reason, names in reasons.items():
        print(f"skipped, {reason}: {', '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''}")
    for name in failed_names:
        print(f"failed: {name}")
    fuzzers = folder / "fuzzers.txt"
    for line in fuzzers.read_text().splitlines() if fuzzers.exists() else []:
        if FINDING.match(line):
            print(line)

    failed = totals["failed"] + len(failed_phases)
    print(f"{totals['passed']} passed, {failed} failed, {totals['skipped'] + len(skipped_phases)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
