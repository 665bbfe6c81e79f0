# SPDX-License-Identifier: Apache-2.0
"""sterna tokenize and detokenize."""

import json
import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, VOCABULARY_ONLY, SternaTest, sterna

TEXTS = ("What is a sparrow?", "", " two  spaces\tand\n\nlines\n", "caf\u00e9 \u65e5\u672c\u8a9e \U0001f600", "1234567 it's I'LL")


class Tokenize(SternaTest):
    def ids(self, text, *flags, model=BUILT_IN_MODEL):
        return self.ok_json("tokenize", "-m", model, "--json", *flags, stdin=text)["ids"]

    def test_json_has_exactly_the_ids(self):
        self.assertEqual(set(self.ok_json("tokenize", "-m", BUILT_IN_MODEL, "--json", stdin="a b")), {"ids"})

    def test_plain_output_is_what_ids_takes(self):
        plain = self.ok("tokenize", "-m", BUILT_IN_MODEL, stdin="What is a sparrow?")
        self.assertEqual([int(word) for word in plain.strip().split(",")], self.ids("What is a sparrow?"))
        self.ok("run", "-m", BUILT_IN_MODEL, "--ids", plain.strip(), "-n", 1)

    def test_no_bos_leaves_out_the_first_id_only(self):
        self.assertEqual(self.ids("a sparrow", "--no-bos"), self.ids("a sparrow")[1:])

    def test_special_tokens_are_parsed_unless_told_not_to(self):
        parsed = self.ids("hi<|eot_id|>", "--no-bos")
        plain = self.ids("hi<|eot_id|>", "--no-bos", "--no-special")
        self.assertLess(len(parsed), len(plain))
        self.assertNotIn(parsed[-1], plain)

    def test_there_and_back(self):
        for text in TEXTS[:1] + TEXTS[2:]:
            for flags in ((), ("--no-bos",)):
                with self.subTest(text=text, flags=flags):
                    ids = self.ok("tokenize", "-m", BUILT_IN_MODEL, *flags, stdin=text)
                    back = self.check_ok(sterna("detokenize", "-m", BUILT_IN_MODEL, *flags, stdin=ids))
                    self.assertEqual(back.stdout.decode(), text)

    def test_there_and_back_for_any_bytes(self):
        data = bytes(range(256)) + b"\xf0\x9f\x98"
        ids = sterna("tokenize", "-m", BUILT_IN_MODEL, "--no-special", stdin=data).stdout
        self.assertEqual(sterna("detokenize", "-m", BUILT_IN_MODEL, stdin=ids).stdout, data)

    def test_detokenize_takes_the_json_of_tokenize(self):
        ids = self.ok("tokenize", "-m", BUILT_IN_MODEL, "--json", stdin="a sparrow")
        self.assertEqual(json.loads(self.ok("detokenize", "-m", BUILT_IN_MODEL, "--json", stdin=ids)), {"text": "a sparrow"})

    def test_detokenize_shows_special_tokens_unless_told_not_to(self):
        ids = self.ok("tokenize", "-m", BUILT_IN_MODEL, stdin="hi<|eot_id|>")
        self.assertEqual(self.ok("detokenize", "-m", BUILT_IN_MODEL, stdin=ids), "hi<|eot_id|>")
        self.assertEqual(self.ok("detokenize", "-m", BUILT_IN_MODEL, "--no-special", stdin=ids), "hi")

    def test_a_file_with_a_vocabulary_only_is_enough(self):
        ids = self.ids("the theatre", model=VOCABULARY_ONLY)
        self.assertEqual(self.ok("detokenize", "-m", VOCABULARY_ONLY, stdin=" ".join(map(str, ids))), "the theatre")

    def test_ids_outside_the_vocabulary_are_refused(self):
        self.assertIn("999999", self.fails(2, "detokenize", "-m", TINY_MODEL, stdin="1 999999"))
        self.fails(2, "detokenize", "-m", TINY_MODEL, stdin="1 x")
        self.fails(2, "detokenize", "-m", TINY_MODEL, stdin="")

    def test_long_input_is_fine(self):
        text = "lorem ipsum " * 100000
        self.assertGreater(len(self.ids(text, model=TINY_MODEL)), 100000)


if __name__ == "__main__":
    unittest.main()
