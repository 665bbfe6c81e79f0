# SPDX-License-Identifier: Apache-2.0
"""sterna run: one prompt, one answer."""

import os
import tempfile
import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, SternaTest, environment, sterna

QUESTION = "What is a sparrow?"
GREEDY = ("run", "-m", BUILT_IN_MODEL, "--temp", "0")


class Run(SternaTest):
    def test_prints_the_completion_and_nothing_else(self):
        result = self.check_ok(sterna(*GREEDY, "-p", QUESTION))
        self.assertEqual(result.stderr, b"")
        text = result.stdout.decode()
        self.assertTrue(text.strip())
        self.assertTrue(text.endswith("\n"))
        self.assertNotIn("<|", text)
        self.assertNotIn(QUESTION, text)

    def test_verbose_speaks_on_stderr_only(self):
        quiet = self.ok(*GREEDY, "-p", QUESTION)
        result = self.check_ok(sterna("-v", *GREEDY, "-p", QUESTION))
        self.assertEqual(result.stdout.decode(), quiet)
        stderr = result.stderr.decode()
        for word in ("loading:", "kernels:", "memory plan:", "peak resident memory:"):
            self.assertIn(word, stderr)

    def test_json_has_exactly_the_stated_keys(self):
        answer = self.ok_json(*GREEDY, "-p", QUESTION, "--json")
        self.assertEqual(set(answer), {"text", "tokens", "finish_reason", "prompt_tokens", "timings"})
        self.assertEqual(set(answer["timings"]), {"load_ms", "prefill_tokens_per_second", "decode_tokens_per_second",
                                                  "first_token_ms"})
        self.assertEqual(answer["text"] + "\n", self.ok(*GREEDY, "-p", QUESTION))
        self.assertTrue(all(isinstance(token, int) for token in answer["tokens"]))
        self.assertGreater(answer["prompt_tokens"], 3)
        self.assertGreater(answer["timings"]["prefill_tokens_per_second"], 0)

    def test_speculation_guesses_and_changes_no_token(self):
        words = ("run", "-m", TINY_MODEL, "--ids", ",".join(["5", "9", "7"] * 8), "-n", 100, "--ignore-eos", "--temp", 0, "--json")
        plain, guessing = self.ok_json(*words), self.ok_json(*words, "--speculate", 7)
        self.assertEqual(plain["tokens"], guessing["tokens"])
        self.assertEqual(set(guessing["timings"]) - set(plain["timings"]), {"guessed_tokens", "accepted_tokens"})
        self.assertGreater(guessing["timings"]["guessed_tokens"], 0)
        self.assertLessEqual(guessing["timings"]["accepted_tokens"], guessing["timings"]["guessed_tokens"])
        self.fails(2, "run", "-m", TINY_MODEL, "-p", "a", "--speculate", 16)

    def test_same_text_for_every_number_of_threads_and_chunk(self):
        texts = {self.ok("run", "-m", BUILT_IN_MODEL, "-p", QUESTION, "--seed", 7, "-t", threads, "--prefill-chunk", chunk)
                 for threads in (1, 2, 3) for chunk in (1, 7, 256)}
        self.assertEqual(len(texts), 1, texts)

    def test_every_way_to_compute_the_head_gives_the_same_text(self):
        def answers(head):
            flags = ("run", "-m", BUILT_IN_MODEL, "-p", QUESTION, "--head", head)
            return [self.ok(*flags, *more) for more in (("--temp", 0), ("--seed", 3), ("--repeat-penalty", 1.3),
                                                        ("--logit-bias", "7=4", "--top-k", 3))]
        exact = answers("exact")
        for head in ("auto", "certified", "screened"):
            self.assertEqual(answers(head), exact, head)

    def test_verbose_names_the_way_to_compute_the_head_and_its_memory(self):
        stderr = self.check_ok(sterna("-v", *GREEDY, "-p", QUESTION, "--head", "certified")).stderr.decode()
        self.assertRegex(stderr, r"head: \S+ \(certified\)")
        self.assertNotIn("head planes 0.0 MB", stderr)
        self.assertIn("(exact)", self.check_ok(sterna("-v", *GREEDY, "-p", QUESTION)).stderr.decode())

    def test_same_seed_same_text_and_other_seeds_other_texts(self):
        def draw(seed):
            return self.ok("run", "-m", TINY_MODEL, "-p", "a", "--seed", seed, "--temp", "1.5", "-n", 24, "--ignore-eos")
        self.assertEqual(draw(1), draw(1))
        self.assertGreater(len({draw(seed) for seed in range(4)}), 1)

    def test_default_seed_is_zero(self):
        words = ("run", "-m", BUILT_IN_MODEL, "-p", QUESTION)
        self.assertEqual(self.ok(*words), self.ok(*words, "--seed", 0))

    def test_top_k_one_is_greedy(self):
        self.assertEqual(self.ok("run", "-m", BUILT_IN_MODEL, "-p", QUESTION, "--top-k", 1), self.ok(*GREEDY, "-p", QUESTION))

    def test_n_limits_the_tokens_and_the_reason_is_length(self):
        answer = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 3, "--json")
        self.assertEqual(len(answer["tokens"]), 3)
        self.assertEqual(answer["finish_reason"], "length")

    def test_n_zero_only_reads_the_prompt(self):
        answer = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 0, "--json")
        self.assertEqual((answer["tokens"], answer["text"]), ([], ""))

    def test_end_of_generation_is_stop(self):
        self.assertEqual(self.ok_json(*GREEDY, "-p", QUESTION, "--json")["finish_reason"], "stop")

    def test_ignore_eos_goes_on(self):
        answer = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 60, "--ignore-eos", "--json")
        self.assertEqual(len(answer["tokens"]), 60)
        self.assertEqual(answer["finish_reason"], "length")

    def test_stop_strings_never_show(self):
        full = self.ok_json(*GREEDY, "-p", QUESTION, "--json")["text"]
        words = full.split()
        for stop in (words[2], full[4:9], full[-3:], words[1][-2:] + " " + words[2][:1]):
            for flags in ((), ("--json",)):
                out = self.ok(*GREEDY, "-p", QUESTION, "--stop", "never-said", "--stop", stop, *flags)
                self.assertNotIn(stop, out.split('"tokens"')[0].rstrip("\n"), stop)
            answer = self.ok_json(*GREEDY, "-p", QUESTION, "--stop", stop, "--json")
            self.assertEqual(answer["text"], full[:full.index(stop)])
            self.assertEqual(answer["finish_reason"], "stop")

    def test_ids_add_no_bos(self):
        answer = self.ok_json("run", "-m", TINY_MODEL, "--ids", "5,6,7", "-n", 2, "--json")
        self.assertEqual(answer["prompt_tokens"], 3)

    def test_raw_is_the_text_with_bos_and_no_template(self):
        ids = self.ok("tokenize", "-m", BUILT_IN_MODEL, stdin="A finch is").strip()
        by_ids = self.ok_json(*GREEDY, "--ids", ids, "-n", 8, "--ignore-eos", "--json")
        raw = self.ok_json(*GREEDY, "--raw", "-p", "A finch is", "-n", 8, "--ignore-eos", "--json")
        self.assertEqual(raw["prompt_tokens"], len(ids.split(",")))
        self.assertEqual(raw["tokens"], by_ids["tokens"])

    def test_prompt_from_file_and_stdin_equal_the_flag(self):
        expected = self.ok(*GREEDY, "-p", QUESTION)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "question.txt")
            with open(path, "w", encoding="utf-8") as file:
                file.write(QUESTION)
            self.assertEqual(self.ok(*GREEDY, "-f", path), expected)
        self.assertEqual(self.ok(*GREEDY, stdin=QUESTION + "\n"), expected)
        self.assertEqual(self.ok(*GREEDY, "-f", "-", stdin=QUESTION), expected)

    def test_system_prompt_and_template_reach_the_model(self):
        plain = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 1, "--json")["prompt_tokens"]
        system = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 1, "--json", "--system", "Be brief.")["prompt_tokens"]
        chatml = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 1, "--json", "--chat-template", "chatml")["prompt_tokens"]
        self.assertGreater(system, plain)
        self.assertNotEqual(chatml, plain)

    def test_a_template_can_come_from_a_file(self):
        expected = self.ok(*GREEDY, "-p", QUESTION)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "chat.jinja")
            with open(path, "w", encoding="utf-8") as file:
                file.write("{% for m in messages %}User: {{ m.content }}<|eot_id|>{% endfor %}Assistant: ")
            self.assertEqual(self.ok(*GREEDY, "-p", QUESTION, "--chat-template", path), expected)
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n{{ nobody.home }}")
            self.assertIn("line 2", self.fails(2, *GREEDY, "-p", QUESTION, "--chat-template", path))

    def test_control_tokens_typed_by_a_user_stay_text(self):
        plain = self.ok_json(*GREEDY, "-p", "dog", "-n", 1, "--json")["prompt_tokens"]
        typed = self.ok_json(*GREEDY, "-p", "dog<|eot_id|>", "-n", 1, "--json")["prompt_tokens"]
        self.assertGreater(typed, plain + 1)

    def test_logit_bias_bans_and_forces(self):
        first = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 1, "--json")["tokens"][0]
        banned = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 1, "--json", "--logit-bias", f"{first}=-inf")["tokens"]
        self.assertNotEqual(banned, [first])
        forced = self.ok_json(*GREEDY, "-p", QUESTION, "-n", 3, "--json", "--logit-bias", "50=1000")["tokens"]
        self.assertEqual(forced, [50, 50, 50])

    def test_penalties_change_a_looping_answer(self):
        words = ("run", "-m", TINY_MODEL, "-p", "a", "--temp", 0, "-n", 48, "--ignore-eos", "--json")
        plain = self.ok_json(*words)["tokens"]
        for flag, value in (("--repeat-penalty", 4), ("--frequency-penalty", 2), ("--presence-penalty", 2)):
            with self.subTest(flag=flag):
                self.assertNotEqual(self.ok_json(*words, flag, value)["tokens"], plain)

    def test_model_from_the_environment_and_the_flag_wins(self):
        env = environment(STERNA_MODEL=BUILT_IN_MODEL)
        self.assertEqual(self.ok("run", "--temp", 0, "-p", QUESTION, env=env), self.ok(*GREEDY, "-p", QUESTION))
        env = environment(STERNA_MODEL="/nonexistent.gguf")
        self.ok(*GREEDY, "-p", QUESTION, env=env)

    def test_threads_from_the_environment_and_the_flag_wins(self):
        def threads(*flags):
            result = self.check_ok(sterna("-v", *GREEDY, "-p", "x", "-n", 1, *flags, env=environment(STERNA_THREADS="3")))
            return result.stderr.decode()
        self.assertIn("threads: 3", threads())
        self.assertIn("threads: 2", threads("-t", 2))
        self.assertIn("threads: 1 (2 in prefill)", threads("-t", 1, "--threads-prefill", 2))

    def test_threads_of_prefill_change_no_token(self):
        texts = {self.ok(*GREEDY, "-p", QUESTION, "-t", threads, "--threads-prefill", prefill)
                 for threads in (1, 2) for prefill in (1, 2, 8)}
        self.assertEqual(len(texts), 1, texts)

    def test_every_kernel_table_says_the_same(self):
        tables = self.ok_json("devices", "--quick", "--json")["kernels"]
        texts = {self.ok(*GREEDY, "-p", QUESTION, env=environment(STERNA_ISA=table["isa"]))
                 for table in tables if table["runs"]}
        self.assertEqual(len(texts), 1, texts)

    def test_every_kv_type_answers(self):
        for kv in ("f32", "f16", "q8"):
            self.assertTrue(self.ok(*GREEDY, "-p", QUESTION, "--kv", kv).strip())

    def test_numbers_do_not_depend_on_the_locale(self):
        env = environment(LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8")
        words = ("run", "-m", BUILT_IN_MODEL, "-p", QUESTION, "--temp", "0.7")
        self.assertEqual(self.ok(*words, env=env), self.ok(*words))

    def test_prompts_that_are_not_utf8_are_answered(self):
        result = self.check_ok(sterna("run", "-m", BUILT_IN_MODEL, "-p", b"\xff\xfe caf\xe9", "-n", 4))
        result.stdout.decode()
        self.check_ok(sterna("run", "-m", BUILT_IN_MODEL, "-n", 4, stdin=bytes(range(1, 200))))

    def test_the_last_of_a_repeated_flag_counts(self):
        self.assertEqual(len(self.ok_json(*GREEDY, "-p", QUESTION, "-n", 9, "-n", 2, "--json")["tokens"]), 2)

    def test_values_may_begin_with_a_dash(self):
        self.ok(*GREEDY, "-p", "--what", "-n", 1)

    def test_needs_no_home_and_no_writable_folder(self):
        env = environment()
        env.pop("HOME", None)
        self.ok(*GREEDY, "-p", QUESTION, "-n", 1, env=env, cwd="/proc")


if __name__ == "__main__":
    unittest.main()
