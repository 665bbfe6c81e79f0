# SPDX-License-Identifier: Apache-2.0
"""sterna batch: formats, settings of rows, and answers that are those of sterna run."""

import json
import unittest

from batch_case import FEW, INPUTS, OUTPUTS, BatchTest, read_results
from harness import BUILT_IN_MODEL

PROMPTS = ["the tern", "a \"gull\", two", "sp\u00e4tzle \U0001f426", "  edges  ", "x"]


class Formats(BatchTest):
    def test_every_format_into_every_other(self):
        expected = None
        for source, write in INPUTS.items():
            for target in OUTPUTS:
                with self.subTest(source=source, target=target):
                    out = self.path(f"{source}-out.{target}")
                    self.batch(self.path("in." + source, write(PROMPTS)), out)
                    rows = read_results(out)
                    self.assertEqual([row["prompt"] for row in rows], PROMPTS)
                    self.assertEqual([int(row["index"]) for row in rows], list(range(len(PROMPTS))))
                    answers = [row["output"] for row in rows]
                    expected = expected or answers
                    self.assertEqual(answers, expected)

    def test_an_output_is_an_input(self):
        first = self.path("first.json")
        self.batch(self.path("in.txt", INPUTS["txt"](PROMPTS)), first)
        expected = [(row["prompt"], row["output"]) for row in read_results(first)]
        for before, after in (("first.json", "second.csv"), ("second.csv", "third.jsonl"), ("third.jsonl", "fourth.json")):
            self.batch(self.path(before), self.path(after))
            self.assertEqual([(row["prompt"], row["output"]) for row in read_results(self.path(after))], expected)

    def test_formats_by_flag_and_stdin(self):
        out = self.path("answers")
        self.batch("-", out, "--input-format", "jsonl", "--output-format", "csv", stdin='{"prompt":"a"}\n"b"\n')
        self.assertEqual(out.read_bytes().split(b",", 1)[0], b"index")
        self.assertIn("--input-format", self.fails(2, "batch", "-i", "-", "-o", self.path("x.json")))
        self.assertIn("--output-format", self.fails(2, "batch", "-i", self.path("in.txt", "a"), "-o", self.path("x")))
        self.assertIn("cannot be txt", self.fails(2, "batch", "-i", self.path("in.txt"), "-o", self.path("x.txt")))

    def test_lines_of_openai_batch_files(self):
        line = {"custom_id": "r1", "method": "POST", "url": "/v1/chat/completions",
                "body": {"model": "any", "max_tokens": 2, "messages": [{"role": "user", "content": "the tern"}]}}
        out = self.path("out.jsonl")
        self.batch(self.path("in.jsonl", json.dumps(line)), out)
        row = read_results(out)[0]
        self.assertEqual((row["id"], row["tokens_generated"]), ("r1", 2))
        self.assertEqual(row["messages"], line["body"]["messages"])


class Answers(BatchTest):
    def test_equal_those_of_run_whatever_the_number_of_workers(self):
        settings = [{"temperature": 0}, {"temperature": 2, "top_k": 0, "top_p": 1, "seed": 7}, {"max_tokens": 3}, {"stop": "e"},
                    {"top_k": 3, "seed": 2**64 - 1}, {"repeat_penalty": 1.5}, {"system": "Be brief."}]
        flags = {"temperature": "--temp", "seed": "--seed", "max_tokens": "-n", "stop": "--stop", "top_k": "--top-k", "top_p": "--top-p",
                 "repeat_penalty": "--repeat-penalty", "system": "--system"}
        model = ("-m", BUILT_IN_MODEL, "-n", 12)
        expected = []
        for setting in settings:
            words = [word for name, value in setting.items() for word in (flags[name], value)]
            run = self.ok_json("run", *model, *words, "-p", "What is a sparrow?", "--json")
            expected.append((run["text"], run["finish_reason"], run["prompt_tokens"], len(run["tokens"])))
        self.assertGreater(len(set(expected)), 4)
        source = self.path("in.jsonl", "".join(json.dumps({"prompt": "What is a sparrow?", **s}) + "\n" for s in settings))
        for workers in (1, 3, 16):
            out = self.path(f"out{workers}.jsonl")
            self.ok("batch", *model, "-i", source, "-o", out, "--workers", workers)
            rows = [(r["output"], r["finish_reason"], r["prompt_tokens"], r["tokens_generated"]) for r in read_results(out)]
            self.assertEqual(rows, expected, workers)

    def test_raw_and_flags_are_the_defaults_of_rows(self):
        out = self.path("out.jsonl")
        self.batch(self.path("in.txt", "the tern"), out, "--raw", "--temp", 0)
        run = self.ok_json("run", *FEW, "--raw", "--temp", 0, "-p", "the tern", "--json")
        self.assertEqual(read_results(out)[0]["output"], run["text"])

    def test_messages_go_through_the_template(self):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a tern?"}]
        out = self.path("out.json")
        self.batch(self.path("in.json", json.dumps([{"messages": messages}])), out, "--chat-template", "llama3")
        run = self.ok_json("run", *FEW, "--chat-template", "llama3", "--system", "Be brief.", "-p", "What is a tern?",
                           "--json")
        self.assertEqual(read_results(out)[0]["output"], run["text"])


class Faults(BatchTest):
    def test_a_bad_row_does_not_stop_the_rest(self):
        lines = ['{"prompt":"a"}', '{"prompt":', '{"prompt":"b","temperature":9}', '{"id":4}',
                 json.dumps({"prompt": "word " * 5000}), '{"prompt":"c"}']
        out = self.path("out.jsonl")
        stderr = self.batch(self.path("in.jsonl", "\n".join(lines)), out, "--ctx", 256, code=1)
        rows = read_results(out)
        self.assertEqual(["output" in row for row in rows], [True, False, False, False, False, True])
        for row, word in zip(rows[1:5], ("line 2", "temperature", "line 4", "context")):
            self.assertIn(word, row["error"])
        self.assertIn("4 of 6 rows failed, first the one with index 1: line 2: broken JSON", stderr.splitlines()[-1])
        self.assertEqual(self.names(), ["in.jsonl", "out.jsonl"])

    def test_a_row_that_takes_too_long(self):
        out = self.path("out.json")
        source = self.path("in.json", json.dumps([{"prompt": "a", "max_tokens": 4000}]))
        self.batch(source, out, "--timeout", 0.001, "--raw", "-t", 1, code=1)
        row = read_results(out)[0]
        self.assertEqual(row["error"], "no answer within 0.001 s")
        self.assertLess(row.get("tokens_generated", 0), 4000)  # none where no token came in time

    def test_unknown_fields_are_warned_of(self):
        stderr = self.batch(self.path("in.csv", "prompt,temprature\na,1\n"), self.path("out.csv"))
        self.assertIn("warning: the field 'temprature' means nothing", stderr)

    def test_hostile_text(self):
        text = b"\xef\xbb\xbfa\x00b\n\xff\xfe\xc0\n\xed\xa0\x80\r\n" + b"w " * 200 + b"\n"
        out = self.path("out.jsonl")
        self.batch(self.path("in.txt", text), out)
        rows = read_results(out)
        self.assertEqual(len(rows), 4)
        self.assertEqual(rows[0]["prompt"], "a\0b")
        self.assertEqual(rows[1]["prompt"], "\ufffd\ufffd\ufffd")

    def test_hostile_json_and_csv(self):
        out = self.path("out.jsonl")
        self.batch(self.path("deep.jsonl", "[" * 200000 + '\n"a"\n'), out, code=1)
        self.assertIn("broken JSON", read_results(out)[0]["error"])
        columns = ",".join(f"c{i}" for i in range(100000))
        self.batch(self.path("wide.csv", f"prompt,{columns}\na,{',' * 99999}\n"), self.path("wide.json"))
        fields = ",".join(f'"k{i}":0' for i in range(100000))
        self.batch(self.path("wide.jsonl", '{"prompt":"a",' + fields + "}"), self.path("wide2.json"))

    def test_files_without_rows(self):
        for name, content, word in (("a.txt", "\n\n", "no rows"), ("b.json", '["a",\n', "line 2"), ("c.jsonl", "", "no rows"),
                                    ("d.csv", "name\nx\n", "no column 'prompt'"), ("e.json", "\xff", "syntax")):
            with self.subTest(name=name):
                line = self.fails(3, "batch", *FEW, "-i", self.path(name, content), "-o", self.path("out.json"))
                self.assertIn(word, line)
                self.assertIn(name, line)
        self.fails(3, "batch", *FEW, "-i", self.path("missing.txt"), "-o", self.path("out.json"))
        self.assertNotIn("out.json", self.names())

    def test_places_that_cannot_be_written(self):
        source = self.path("in.json", '["a"]')
        self.assertIn("both input and output", self.fails(2, "batch", *FEW, "-i", source, "-o", source))
        for name in ("out.json.part", "out.json.journal"):  # what is written on the way
            beside = self.path(name, '["a"]')
            self.assertIn("both input and output", self.fails(2, "batch", *FEW, "-i", beside, "--input-format", "json",
                                                              "-o", self.folder / "out.json"))
            self.assertEqual(beside.read_text(), '["a"]')
            beside.unlink()
        self.assertIn("no folder", self.fails(3, "batch", *FEW, "-i", source, "-o", self.folder / "no" / "out.json"))
        self.assertIn("no plain file", self.fails(2, "batch", *FEW, "-i", source, "-o", self.folder, "--output-format",
                                                  "json"))
        self.assertIn("no input", self.fails(2, "batch", *FEW, "-o", self.path("out.json")))
        self.assertIn("no output", self.fails(2, "batch", *FEW, "-i", source))
        self.assertEqual(self.names(), ["in.json"])

    def test_an_output_that_exists_is_kept_unless_forced(self):
        source, out = self.path("in.json", '["a"]'), self.path("out.json", "mine")
        self.assertIn("--force", self.fails(2, "batch", *FEW, "-i", source, "-o", out))
        self.assertEqual(out.read_text(), "mine")
        self.batch(source, out, "--force")
        self.assertEqual(len(read_results(out)), 1)


if __name__ == "__main__":
    unittest.main()
