# SPDX-License-Identifier: Apache-2.0
"""sterna chat, driven by a script on stdin."""

import json
import os
import tempfile
import unittest

from harness import BUILT_IN_MODEL, SternaTest, sterna

CHAT = ("chat", "-m", BUILT_IN_MODEL, "--temp", "0")
SPARROW, PIANO = "What is a sparrow?", "What is a piano?"


def numbers(output):
    """The "name number" lines of /stats, one dictionary per /stats."""
    found = []
    for line in output.splitlines():
        name, _, value = line.partition(" ")
        if name == "turns":
            found.append({})
        if found and name.endswith(("turns", "tokens", "bytes", "second", "ms")):
            found[-1][name] = float(value)
    return found


class Chat(SternaTest):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def talk(self, *lines, flags=()):
        return self.ok(*CHAT, *flags, stdin="".join(line + "\n" for line in lines))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_the_first_answer_is_that_of_run(self):
        self.assertEqual(self.talk(SPARROW), self.ok("run", "-m", BUILT_IN_MODEL, "--temp", 0, "-p", SPARROW))

    def test_stdout_holds_answers_only(self):
        result = self.check_ok(sterna(*CHAT, stdin=f"{SPARROW}\n/set seed 3\n/clear\n{SPARROW}\n"))
        answers = result.stdout.decode().splitlines()
        self.assertEqual(len(answers), 2)
        self.assertEqual(answers[0], answers[1])

    def test_a_second_turn_prefills_only_new_tokens(self):
        first, second = numbers(self.talk(SPARROW, "/stats", PIANO, "/stats"))
        self.assertEqual((first["turns"], second["turns"]), (1, 2))
        grown = second["context_used_tokens"] - first["context_used_tokens"]
        self.assertLessEqual(second["last_prefilled_tokens"], grown - second["last_generated_tokens"] + 2)
        self.assertLess(second["last_prefilled_tokens"], first["context_used_tokens"])

    def test_stats_add_up(self):
        (stats,) = numbers(self.talk(SPARROW, "/stats", flags=("--ctx", "200")))
        self.assertEqual(stats["context_used_tokens"] + stats["context_left_tokens"], 200)
        self.assertGreater(stats["kv_bytes"], 0)
        for name in ("prefill_tokens_per_second", "decode_tokens_per_second", "first_token_ms"):
            self.assertGreater(stats[name], 0)

    def test_clear_forgets_the_turns(self):
        output = self.talk(SPARROW, "/clear", "/history", "/stats")
        self.assertNotIn("user:", output)
        self.assertEqual(numbers(output)[0]["turns"], 0)

    def test_history_shows_both_sides(self):
        output = self.talk("/system Be kind.", SPARROW, "/history")
        answer = output.splitlines()[0]
        self.assertIn(f"system: Be kind.\nuser: {SPARROW}\nassistant: {answer}\n", output)

    def test_save_and_load_carry_a_conversation_over(self):
        path = self.path("history.json")
        straight = self.talk("/system Be kind.", SPARROW, f"/save {path}", PIANO).splitlines()
        with open(path, encoding="utf-8") as file:
            saved = json.load(file)
        self.assertEqual(saved["system"], "Be kind.")
        self.assertEqual([message["role"] for message in saved["messages"]], ["user", "assistant"])
        self.assertEqual(saved["messages"][1]["content"], straight[0])
        self.assertEqual(self.talk(f"/load {path}", PIANO).splitlines(), straight[1:])

    def test_broken_histories_are_refused_and_the_chat_goes_on(self):
        for text in ("", "[]", "{}", '{"messages": 3}', '{"messages": [{"role": "assistant", "content": "x"}]}',
                     '{"messages": [{"role": "user", "content": 5}]}', '{"messages": [7]}', '{"system": 1, "messages": []}'):
            with self.subTest(text=text):
                path = self.path("broken.json")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                result = sterna(*CHAT, stdin=f"/load {path}\n{SPARROW}\n")
                self.assertEqual(result.returncode, 3)
                self.assertIn(b"broken.json", result.stderr)
                self.assertTrue(result.stdout.strip())

    def test_set_changes_the_next_answer_and_config_shows_it(self):
        output = self.talk("/set max-tokens 2", SPARROW, "/config")
        self.assertEqual(len(self.ok("tokenize", "-m", BUILT_IN_MODEL, "--no-bos", stdin=output.splitlines()[0]).split(",")), 2)
        self.assertIn("max-tokens 2\n", output)
        self.assertIn("temp 0\n", output)
        self.assertIn("chat-template stored", output)

    def test_wrong_commands_are_told_and_the_chat_goes_on(self):
        for line, code, word in (("/hlep", 2, b"/help"), ("/set tmp 1", 2, b"temp"), ("/set temp 9", 2, b"from 0 to 2"),
                                 ("/set temp", 2, b"temp"), ("/save", 2, b"file name"), ("/load /nonexistent", 3, b"/nonexistent"),
                                 ("/save /nonexistent/x", 1, b"/nonexistent/x")):
            with self.subTest(line=line):
                result = sterna(*CHAT, stdin=f"{line}\n{SPARROW}\n")
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertEqual(len(result.stderr.splitlines()), 1)
                self.assertTrue(result.stderr.startswith(b"sterna: error: "))
                self.assertIn(word, result.stderr)
                self.assertEqual(len(result.stdout.splitlines()), 1)

    def test_help_lists_every_command(self):
        output = self.talk("/help")
        for command in ("/help", "/clear", "/history", "/save FILE", "/load FILE", "/system TEXT", "/stats", "/config",
                        "/set KEY VALUE", "/quit", "/exit"):
            self.assertIn(command, output)

    def test_quit_and_exit_end_before_the_next_line(self):
        for command in ("/quit", "/exit"):
            self.assertEqual(len(self.talk(SPARROW, command, PIANO).splitlines()), 1)

    def test_a_full_context_drops_the_oldest_turns_and_says_so_once(self):
        lines = (SPARROW, PIANO) * 6
        result = self.check_ok(sterna(*CHAT, "--ctx", 64, "-n", 12, "--system", "Be kind.",
                                      stdin="".join(line + "\n" for line in lines) + "/stats\n/history\n"))
        self.assertEqual(result.stderr.count(b"context of 64 tokens is full"), 1)
        self.assertEqual(len(result.stderr.splitlines()), 1)
        output = result.stdout.decode()
        (stats,) = numbers(output)
        self.assertLessEqual(stats["context_used_tokens"], 64)
        self.assertLess(stats["turns"], len(lines))
        self.assertIn("system: Be kind.", output)

    def test_a_message_over_the_context_is_refused_and_the_chat_goes_on(self):
        result = sterna(*CHAT, "--ctx", 64, stdin="word " * 100 + f"\n{SPARROW}\n")
        self.assertEqual(result.returncode, 4)
        self.assertIn(b"64", result.stderr)
        self.assertTrue(result.stdout.strip())

    def test_empty_lines_and_a_missing_last_line_end(self):
        self.assertEqual(len(self.ok(*CHAT, stdin=f"\n  \n{SPARROW}").splitlines()), 1)

    def test_two_slashes_send_one(self):
        output = self.talk("//help", "/history", flags=("-n", "4"))
        self.assertIn("user: /help", output)

    def test_bytes_that_are_not_utf8(self):
        path = self.path("history.json")
        self.check_ok(sterna(*CHAT, "-n", 4, stdin=b"\xff\xfe\n/history\n/save " + path.encode() + b"\n"))
        with open(path, encoding="utf-8") as file:
            json.load(file)


if __name__ == "__main__":
    unittest.main()
