# SPDX-License-Identifier: Apache-2.0
"""--profile: the reports that a run leaves."""

import html.parser
import json
import pathlib
import re
import tempfile
import unittest

from harness import BUILT_IN_MODEL, SternaTest, environment, sterna

RUN = ("run", "-m", BUILT_IN_MODEL, "-p", "What is a sparrow?", "--temp", "0", "-n", 8)


class Page(html.parser.HTMLParser):
    """Elements that were never closed, addresses that a browser would fetch, and the JSON."""

    VOID = {"meta", "link", "img", "br", "input", "hr"}

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.profile, self.inside = [], [], "", False

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "data")]
        self.inside = tag == "script" and dict(attrs).get("id") == "profile"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.inside = False
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.open.append("/" + tag)

    def handle_data(self, data):
        if self.inside:
            self.profile += data


class Profile(SternaTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def files(self):
        return {path.name for path in self.folder.iterdir()}

    def report(self, name="p.json"):
        return json.loads((self.folder / name).read_text())

    def test_run_writes_its_reports_and_the_same_text(self):
        result = self.check_ok(sterna(*RUN, "--profile", self.folder / "p"))
        self.assertEqual(result.stdout.decode(), self.ok(*RUN))
        self.assertEqual(self.files(), {"p.html", "p.json", "p.trace.json"})
        self.assertIn("p.json", result.stderr.decode())
        report = self.report()
        self.assertEqual(report["tokens"], 8)
        self.assertEqual(report["about"]["model"], BUILT_IN_MODEL)
        self.assertFalse(report["detailed"])
        self.assertEqual(report["spans"]["dropped"], 0)
        self.assertGreater(report["limits"]["read_gb_per_second"], 0)
        self.assertEqual({row["phase"] for row in report["operations"]}, {"prompt", "generation"})
        for phase in ("prompt", "generation"):
            share = sum(row["share"] for row in report["operations"] if row["phase"] == phase)
            self.assertAlmostEqual(share, 1, places=6)

    def test_times_add_up(self):
        self.check_ok(sterna(*RUN, "--profile", self.folder / "p"))
        report = self.report()
        spans = {(row["track"], row["name"]): row for row in report["spans"]["by_name"]}
        program = spans["program", "load model"]["total_ms"] + spans["program", "answer"]["total_ms"]
        self.assertLessEqual(program, report["wall_ms"])
        self.assertLessEqual(spans["engine", "step"]["total_ms"], spans["program", "answer"]["total_ms"])
        self.assertLessEqual(spans["engine", "forward"]["total_ms"], spans["engine", "step"]["total_ms"])
        operations = sum(row["ms"] for row in report["operations"])
        self.assertLessEqual(operations, spans["engine", "forward"]["total_ms"])
        self.assertEqual(spans["engine", "step"]["count"], report["steps_count"])
        # Spans of a token: at most ten without details.
        engine = sum(row["count"] for (track, _), row in spans.items() if track == "engine")
        self.assertLessEqual(engine, 10 * report["steps_count"])

    def test_details_are_spans_of_operations_and_workers(self):
        self.check_ok(sterna(*RUN, "-t", 2, "--profile", self.folder / "p", "--profile-detail"))
        report = self.report()
        self.assertTrue(report["detailed"])
        names = {(row["track"], row["name"]) for row in report["spans"]["by_name"]}
        self.assertIn(("engine", "attention"), names)
        trace = json.loads((self.folder / "p.trace.json").read_text())
        self.assertEqual(sum(event["ph"] == "X" for event in trace["traceEvents"]), report["spans"]["recorded"])

    def test_the_variable_does_the_same_and_the_flag_wins(self):
        self.check_ok(sterna(*RUN, env=environment(STERNA_PROFILE=str(self.folder / "v.json"))))
        self.assertEqual(self.files(), {"v.html", "v.json", "v.trace.json"})
        self.check_ok(sterna(*RUN, "--profile", self.folder / "f", env=environment(STERNA_PROFILE="true"), cwd=self.folder))
        self.assertEqual(self.files(), {f"{name}.{ending}" for name in "vf" for ending in ("html", "json", "trace.json")})
        self.check_ok(sterna(*RUN, env=environment(STERNA_PROFILE="true"), cwd=self.folder))
        self.assertIn("sterna-profile.json", self.files())

    def test_the_page_holds_the_report_and_asks_nothing_of_the_network(self):
        self.check_ok(sterna(*RUN, "--profile", self.folder / "p.html"))
        self.assertEqual(self.files(), {"p.html", "p.json", "p.trace.json"})
        text = (self.folder / "p.html").read_text()
        page = Page()
        page.feed(text)
        page.close()
        self.assertEqual(page.open, [])
        self.assertEqual(page.addresses, [])
        # The name of SVG elements is the one address in it, and a name is never fetched.
        self.assertEqual(set(re.findall(r"https?://[^\s\"']*", text)), {"http://www.w3.org/2000/svg"})
        self.assertIn("default-src 'none'", text)
        inside = json.loads(page.profile)
        timeline = inside.pop("timeline")
        self.assertEqual(inside, self.report())
        self.assertEqual(sum(len(track["spans"]) for track in timeline["tracks"]), self.report()["spans"]["recorded"])

    def test_no_reports_unless_asked(self):
        for env in (environment(), environment(STERNA_PROFILE=""), environment(STERNA_PROFILE="false")):
            result = self.check_ok(sterna(*RUN, env=env, cwd=self.folder))
            self.assertEqual(result.stderr, b"")
        self.assertEqual(self.files(), set())

    def test_a_folder_gets_files_of_a_fixed_name(self):
        self.check_ok(sterna(*RUN, "--profile", self.folder))
        self.assertEqual(self.files(), {"sterna-profile.html", "sterna-profile.json", "sterna-profile.trace.json"})

    def test_a_folder_that_is_not_there_is_refused_before_the_work(self):
        line = self.fails(2, *RUN, "--profile", self.folder / "none" / "p")
        self.assertIn("none", line)
        self.fails(2, *RUN, "--profile", "")

    def test_other_verbs_write_reports_too(self):
        self.check_ok(sterna("eval", "logits", "-m", BUILT_IN_MODEL, "--ids", "1,2,3", "-o", self.folder / "l.npy", "--profile",
                             self.folder / "e"))
        self.assertEqual(self.report("e.json")["rows"], 3)
        self.check_ok(sterna("chat", "-m", BUILT_IN_MODEL, "-n", 4, "--profile", self.folder / "c", stdin="What is a sparrow?\n"))
        self.assertGreater(self.report("c.json")["tokens"], 0)


if __name__ == "__main__":
    unittest.main()
