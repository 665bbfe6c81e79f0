# SPDX-License-Identifier: Apache-2.0
"""Every setting has a test that notices when the setting is disconnected.

    python3 tools/check_knobs.py --tests build-test/tests/unit/api/knobs_test    pins each to its default: its test must fail
    python3 tools/check_knobs.py --table                                         the table of docs/settings.md

The test of `engine.thread_count` is called thread_count (or engine_thread_count) in tests/unit/api/*_knobs_test.cc.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 20  # a test may wait for what never comes when its setting is pinned
TEST = re.compile(r"TEST_F\((\w+),\s*(\w+)\)")


def keys():
    """Names of all settings but those for GPUs, in order."""
    text = (ROOT / "src/config/fields.h").read_text()
    header = (ROOT / "include/sterna/config.h").read_text()
    member_of = dict(re.findall(r"^  (\w+Config) (\w+);", header, re.MULTILINE))
    parts = re.split(r"VisitFields\(std::type_identity<(\w+)>", text)[1:]
    names = []
    for struct, body in zip(parts[::2], parts[1::2]):
        for field, rest in re.findall(r'Field\{\s*"(\w+)"(.*?)&\w+::\w+', body, re.DOTALL):
            if not re.search(r'"(?:none|auto)", true\}', rest):
                names.append(f"{member_of[struct]}.{field}")
    return names


def tests():
    """Suites and names of tests, by name."""
    found = {}
    for path in sorted((ROOT / "tests/unit/api").glob("*knobs_test.cc")):
        for suite, name in TEST.findall(path.read_text()):
            found.setdefault(name, []).append(f"{suite}.{name}")
    return found


def test_of(key, found):
    whole, last = key.replace(".", "_"), key.rsplit(".", 1)[1]
    return found.get(whole) or found.get(last) or []


def table():
    found = tests()
    rows = [f"| `{key}` | {', '.join(f'`{test}`' for test in test_of(key, found)) or '-'} |" for key in keys()]
    return "\n".join(["| setting | tests |", "|---|---|", *rows])


def verdict(program, test, key):
    """What the test says when the setting is pinned."""
    env = {**os.environ, "KNOB_PINNED": key}
    try:
        run = subprocess.run([program, f"--gtest_filter={test}"], env=env, capture_output=True, text=True,
                             timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "notices"
    if "SKIPPED" in run.stdout:
        return "skipped here"
    return "DOES NOT NOTICE" if run.returncode == 0 else "notices"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", help="the program knobs_test")
    parser.add_argument("--table", action="store_true")
    flags = parser.parse_args()
    if flags.table or not flags.tests:
        print(table())
        return 0
    found, deaf = tests(), 0
    for key in keys():
        verdicts = {test: verdict(flags.tests, test, key) for test in test_of(key, found)}
        print(f"{key}: " + (", ".join(f"{test} {said}" for test, said in verdicts.items()) or "no test"))
        deaf += bool(verdicts) and set(verdicts.values()) == {"DOES NOT NOTICE"}
    return 1 if deaf else 0


if __name__ == "__main__":
    sys.exit(main())
