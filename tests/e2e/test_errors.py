# SPDX-License-Identifier: Apache-2.0
"""Exit codes one by one, the wording rules of errors, and help texts."""

import re
import subprocess
import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, SternaTest, command, environment, sterna

RUN = ("run", "-m", BUILT_IN_MODEL, "-p", "x")
VERBS = (("run",), ("chat",), ("tokenize",), ("detokenize",), ("eval", "logits"), ("eval", "perplexity"), ("bench",),
         ("inspect",), ("devices",), ("pull",))


class Usage(SternaTest):
    def test_no_verb(self):
        self.fails(2)

    def test_unknown_verb_names_the_nearest(self):
        self.assertIn("nearest is run", self.fails(2, "rum"))
        self.assertIn("nearest is tokenize", self.fails(2, "tokenise"))

    def test_verbs_of_later_versions_are_not_there(self):
        for verb in ("list", "rm", "gpu-check"):
            with self.subTest(verb=verb):
                self.assertIn("unknown verb", self.fails(2, verb))

    def test_unknown_flag_names_the_nearest(self):
        self.assertIn("nearest is --temp", self.fails(2, *RUN, "--tmp", 1))
        self.assertIn("nearest is --top-k", self.fails(2, *RUN, "--topk=3"))

    def test_numbers_out_of_range_name_the_range(self):
        cases = {"-n": ("-2", "1.5", "x", ""), "-t": ("0", "-1", "10000"), "-c": ("0", "-1", "2147483648"),
                 "--temp": ("-1", "3", "nan", "0,7"), "--top-k": ("-1",), "--top-p": ("-0.1", "1.1"), "--min-p": ("2",),
                 "--repeat-penalty": ("0",), "--frequency-penalty": ("3",), "--presence-penalty": ("-3",),
                 "--seed": ("-1", "99999999999999999999"), "--prefill-chunk": ("0",), "--memory-limit": ("0",)}
        for flag, values in cases.items():
            for value in values:
                with self.subTest(flag=flag, value=value):
                    self.assertRegex(self.fails(2, *RUN, flag, value), r"from \S+ to \S+")

    def test_unknown_choices_name_the_choices(self):
        for flag, known in (("--kv", "q8"), ("--head", "exact"), ("--ffn-act", "silu"), ("--i2s-layout", "rows4"),
                            ("--tl-tiles", "preset"),
                            ("--chat-template", "chatml")):
            with self.subTest(flag=flag):
                self.assertIn(known, self.fails(2, *RUN, flag, "nonsense"))

    def test_missing_values_and_stray_words(self):
        self.assertIn("--prompt needs a value", self.fails(2, "run", "-m", BUILT_IN_MODEL, "-p"))
        self.assertIn("unexpected word", self.fails(2, *RUN, "stray"))

    def test_prompts_that_contradict_each_other(self):
        self.fails(2, *RUN, "--ids", "1,2")
        self.fails(2, *RUN, "--raw", "--system", "x")
        self.fails(2, *RUN, "--raw", "--chat-template", "bitnet")
        self.fails(2, "run", "-m", BUILT_IN_MODEL)  # stdin is empty

    def test_ids_that_are_none(self):
        for ids in ("", "1,x", "1;2", "1.5", "99999999999"):
            with self.subTest(ids=ids):
                self.fails(2, "run", "-m", BUILT_IN_MODEL, "--ids", ids)
        for ids in ("-1", "999999"):
            with self.subTest(ids=ids):
                self.assertIn(ids, self.fails(2, "run", "-m", BUILT_IN_MODEL, "--ids", ids))

    def test_logit_bias_that_is_none(self):
        for bias in ("5", "x=1", "5=", "5=nan", "5=inf", "=1", "5=1e39"):
            with self.subTest(bias=bias):
                self.fails(2, *RUN, "--logit-bias", bias)
        self.fails(2, *RUN, "--logit-bias", "999999=1")

    def test_context_over_the_model(self):
        self.assertIn("900000", self.fails(2, *RUN, "--ctx", 900000))

    def test_eval_needs_to_know_what(self):
        self.fails(2, "eval")
        self.fails(2, "eval", "nonsense")
        self.fails(2, "eval", "logits", "-m", TINY_MODEL)
        self.fails(2, "eval", "logits", "-m", TINY_MODEL, "--ids", "1")
        self.fails(2, "eval", "perplexity", "-m", TINY_MODEL)

    def test_bytes_that_are_not_utf8_in_flags(self):
        for words in ((b"\xff\xfe",), ("run", b"--\xff"), ("run", "-m", TINY_MODEL, "-n", b"\xff")):
            self.fails(2, *words)


class Variables(SternaTest):
    def test_unknown_and_unsupported_isa(self):
        self.assertIn("scalar", self.fails(2, *RUN, env=environment(STERNA_ISA="nonsense")))

    def test_threads_and_log_that_are_none(self):
        self.assertIn("STERNA_THREADS", self.fails(2, *RUN, env=environment(STERNA_THREADS="many")))
        self.assertIn("STERNA_LOG", self.fails(2, *RUN, env=environment(STERNA_LOG="loudly")))

    def test_an_unknown_variable_is_one_warning_with_the_nearest_name(self):
        result = self.check_ok(sterna(*RUN, "-n", 1, env=environment(STERNA_TREADS="2")))
        lines = result.stderr.decode().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("STERNA_TREADS", lines[0])
        self.assertIn("nearest is STERNA_THREADS", lines[0])


class Limits(SternaTest):
    def test_a_prompt_over_the_context_names_both_numbers(self):
        line = self.fails(4, "run", "-m", BUILT_IN_MODEL, "-p", "word " * 600, "--ctx", 128)
        numbers = [int(number) for number in re.findall(r"\d+", line)]
        self.assertIn(128, numbers)
        self.assertTrue(any(number > 600 for number in numbers), line)

    def test_a_prompt_of_many_megabytes(self):
        self.assertIn("limit", self.fails(4, "run", "-m", BUILT_IN_MODEL, stdin=bytes(65 << 20)))

    def test_a_plan_over_the_memory_limit(self):
        self.assertIn("limit", self.fails(4, *RUN, "--memory-limit", 1))

    def test_a_memory_limit_that_is_kept(self):
        self.ok(*RUN, "-n", 1, "--memory-limit", 512)


class Running(SternaTest):
    def test_a_full_disk_behind_stdout_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(command(*RUN, "-n", 3), stdout=full, stderr=subprocess.PIPE, env=environment(),
                                    timeout=120, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"stdout", result.stderr)

    def test_an_output_file_that_cannot_be_made(self):
        self.fails(1, "eval", "logits", "-m", TINY_MODEL, "--ids", "1,2", "-o", "/nonexistent/x.npy")

    def test_closed_descriptors_hurt_nothing(self):
        for redirection in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            with self.subTest(redirection=redirection):
                words = " ".join(f"'{word}'" for word in command(*RUN, "-n", 1))
                result = subprocess.run(["bash", "-c", f"{words} {redirection}"], env=environment(), timeout=120,
                                        capture_output=True, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)


class Help(SternaTest):
    def test_version(self):
        self.assertRegex(self.ok("--version"), r"^sterna \d+\.\d+\.\d+\n$")

    def test_the_list_of_verbs(self):
        text = self.ok("--help")
        for verb in VERBS:
            self.assertIn(verb[0], text)

    def test_every_flag_has_a_default_or_is_required(self):
        for verb in VERBS:
            text = self.ok(*verb, "--help")
            self.assertIn("Examples:", text)
            flags = [part for part in re.split(r"\n  (?=-)", text)[1:] if not part.startswith("-h")]
            for flag in flags:
                with self.subTest(verb=verb, flag=flag):
                    self.assertRegex(flag, r"\[(default: .+|required)\]")

    def test_the_defaults_are_the_documented_ones(self):
        text = self.ok("run", "--help")
        for flag, default in (("--temp", "0.7"), ("--top-k", "50"), ("--top-p", "0.9"), ("--min-p", "0"),
                              ("--repeat-penalty", "1"), ("--seed", "0"), ("--max-tokens", "512"), ("--kv", "f16"),
                              ("--head", "auto"), ("--ffn-act", "auto"), ("--i2s-layout", "auto"), ("--tl-tiles", "auto")):
            with self.subTest(flag=flag):
                self.assertRegex(text, rf"{flag} .*\[default: {re.escape(default)}\]")
        self.assertRegex(self.ok("eval", "logits", "--help"), r"--kv .*\[default: f32\]")


if __name__ == "__main__":
    unittest.main()
