# SPDX-License-Identifier: Apache-2.0
"""sterna run under a grammar or a JSON Schema: what comes out obeys, whatever the model would rather say.

Answers are checked with Python's `jsonschema` where it is installed, and always with `json` and the checks below.
"""

import json
import os
import re
import tempfile
import unittest

from harness import BUILT_IN_MODEL, TINY_MODEL, SternaTest

try:
    import jsonschema
except ImportError:
    jsonschema = None

PERSON = {"type": "object", "properties": {
    "name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "minimum": 0, "maximum": 120},
    "kind": {"enum": ["bird", "mammal", None]}, "born": {"type": "string", "format": "date"},
    "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"}}, "required": ["name", "age", "kind", "born", "code"]}
SCHEMAS = [
    PERSON,
    {"type": "array", "items": {"type": "number", "minimum": -1, "maximum": 1}, "minItems": 2, "maxItems": 4},
    {"anyOf": [{"type": "integer", "exclusiveMinimum": 3, "maximum": 1017}, {"const": {"a": [1, "\"\\\u00e9"]}}]},
    {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "boolean"}, {"type": "null"}]},
    {"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {
        "v": {"type": "boolean"}, "next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/tree"}]}}, "required": ["v", "next"],
        "additionalProperties": False}}},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "boolean"}},
    {"prefixItems": [{"type": "boolean"}, {"type": "string", "maxLength": 4}], "type": "array", "items": False},
    {"allOf": [{"type": "object", "properties": {"x": {"type": "boolean"}}, "required": ["x"]},
               {"type": "object", "properties": {"y": {"type": "null"}}, "required": ["y"]}]},
    {"type": "string", "format": "uuid"}, {"type": "string", "format": "date-time"},
    {"type": ["integer", "null"], "minimum": -25, "maximum": 1100},
]
WORDS = 'root ::= "The " word (" " word){1,5} "."\nword ::= [a-z]{2,8}\n'


class Grammar(SternaTest):
    def answer(self, *flags, model=BUILT_IN_MODEL):
        return self.ok_json("run", "-m", model, "-p", "What is a sparrow?", "--json", *flags)

    def check(self, schema, text):
        value = json.loads(text)
        if jsonschema is not None:
            checker = jsonschema.FormatChecker(formats=["date", "uuid", "ipv4"])
            jsonschema.Draft202012Validator(schema, format_checker=checker).validate(value)

    def test_answers_match_their_schemas_at_every_temperature(self):
        ended = 0
        for schema in SCHEMAS:
            for temperature, seed in ((0, 0), (0.7, 1), (2, 2)):
                answer = self.answer("-j", json.dumps(schema), "--temp", temperature, "--seed", seed, "-n", 250)
                if answer["finish_reason"] != "stop":
                    continue
                ended += 1
                with self.subTest(schema=schema, text=answer["text"]):
                    self.check(schema, answer["text"])
        self.assertGreater(ended, len(SCHEMAS))

    def test_a_random_model_obeys_too(self):
        ended = 0
        for seed in range(6):
            answer = self.answer("-j", json.dumps(PERSON), "--temp", 2, "--top-k", 0, "--top-p", 1, "--seed", seed, "-n", 200,
                                 model=TINY_MODEL)
            if answer["finish_reason"] == "stop":
                ended += 1
                self.check(PERSON, answer["text"])
        self.assertGreater(ended, 0)

    def test_answers_match_their_grammar(self):
        for seed in range(5):
            answer = self.answer("--grammar", WORDS, "--temp", 1.5, "--seed", seed)
            self.assertEqual(answer["finish_reason"], "stop")
            self.assertRegex(answer["text"], re.compile(r"\AThe [a-z]{2,8}( [a-z]{2,8}){1,5}\.\Z"))

    def test_text_streams_as_it_is_with_json(self):
        text = self.ok("run", "-m", BUILT_IN_MODEL, "-p", "a", "--grammar", WORDS)
        self.assertEqual(text, self.ok_json("run", "-m", BUILT_IN_MODEL, "-p", "a", "--grammar", WORDS, "--json")["text"] + "\n")

    def test_json_object_is_an_object(self):
        for seed in range(4):
            answer = self.answer("--json-object", "--seed", seed, "-n", 400)
            self.assertTrue(answer["text"].startswith("{"))
            if answer["finish_reason"] == "stop":
                self.assertIsInstance(json.loads(answer["text"]), dict)

    def test_files_say_the_same_as_flags(self):
        with tempfile.TemporaryDirectory() as folder:
            for flag, text in (("--grammar", WORDS), ("--json-schema", json.dumps(PERSON))):
                path = os.path.join(folder, "constraint")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                self.assertEqual(self.answer(flag + "-file", path)["text"], self.answer(flag, text)["text"])
        self.fails(3, "run", "-m", BUILT_IN_MODEL, "-p", "a", "--grammar-file", "/nonexistent")

    def test_heads_and_speculation_change_nothing(self):
        words = ("-j", json.dumps(PERSON), "--seed", 3)
        expected = self.answer(*words)["tokens"]
        for more in (("--head", "exact"), ("--head", "certified"), ("--head", "screened"), ("--speculate", 7), ("-t", 2)):
            self.assertEqual(self.answer(*words, *more)["tokens"], expected, more)

    def test_what_is_wrong_is_told_with_its_place(self):
        def line(code, *flags):
            return self.fails(code, "run", "-m", BUILT_IN_MODEL, "-p", "a", *flags)
        self.assertIn("line 2, column 3", line(2, "--grammar", "root ::= a\na = \"b\""))
        self.assertIn("there is no rule 'x'", line(2, "--grammar", "root ::= x"))
        self.assertIn("left recursion", line(2, "--grammar", "root ::= root \"a\" | \"b\""))
        self.assertIn("#/properties/a/not", line(2, "-j", '{"properties":{"a":{"not":{}}}}'))
        self.assertIn("no JSON", line(2, "-j", "{"))
        self.assertIn("more than one", line(2, "-j", "{}", "--json-object"))
        self.assertIn("--ignore-eos", line(2, "--json-object", "--ignore-eos"))
        self.assertIn("over 262144 states", line(4, "--grammar", 'root ::= ("a"{60000}){60000}'))


if __name__ == "__main__":
    unittest.main()
