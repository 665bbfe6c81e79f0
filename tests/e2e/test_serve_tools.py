# SPDX-License-Identifier: Apache-2.0
"""Function calling over sterna serve, as bytes; test_serve_openai.py asks with OpenAI's client."""

import json
import unittest

from server_case import ServerTest

CHAT = "/v1/chat/completions"
WEATHER = {"type": "function", "function": {
    "name": "weather", "description": "The weather in a city",
    "parameters": {"type": "object", "required": ["city", "days"], "additionalProperties": False,
                   "properties": {"city": {"enum": ["Rome", "Oslo"]},
                                  "days": {"type": "integer", "minimum": 1, "maximum": 7}}}}}
CLOCK = {"type": "function", "function": {"name": "clock"}}
BODY = {"messages": [{"role": "user", "content": "What is the weather in Rome?"}], "tools": [WEATHER, CLOCK],
        "temperature": 0, "max_tokens": 400}


class ServeToolsTest(ServerTest):
    """With a model of random weights: what it writes is in form because nothing else may be."""

    def ask(self, **fields):
        status, reply = self.server.post(CHAT, {**BODY, **fields})
        self.assertEqual(status, 200, reply)
        return reply["choices"][0]

    def check_weather(self, call):
        self.assertEqual((call["type"], call["function"]["name"]), ("function", "weather"))
        arguments = json.loads(call["function"]["arguments"])
        self.assertEqual(set(arguments), {"city", "days"})
        self.assertIn(arguments["city"], ["Rome", "Oslo"])
        self.assertIn(arguments["days"], range(1, 8))

    def test_a_named_function_is_called(self):
        choice = self.ask(tool_choice={"type": "function", "function": {"name": "weather"}}, parallel_tool_calls=False)
        self.assertEqual(choice["finish_reason"], "tool_calls")
        self.assertIsNone(choice["message"]["content"])
        self.assertEqual(len(choice["message"]["tool_calls"]), 1)
        self.check_weather(choice["message"]["tool_calls"][0])

    def test_auto_answers_in_text(self):
        choice = self.ask(max_tokens=20)
        self.assertTrue(choice["message"]["content"])
        self.assertNotIn("tool_calls", choice["message"])
        self.assertEqual(choice["finish_reason"], "length")

    def test_none_is_as_without_tools(self):
        without = {name: value for name, value in BODY.items() if name != "tools"}
        self.assertEqual(self.ask(tool_choice="none"), self.server.post(CHAT, without)[1]["choices"][0])

    def test_a_stream_is_the_whole_in_parts(self):
        body = {**BODY, "tool_choice": "required", "seed": 3, "temperature": 1}
        whole = self.server.post(CHAT, body)[1]["choices"][0]
        calls, ends = {}, []
        for event in self.server.events(CHAT, body)[:-1]:
            choice = event["choices"][0]
            ends.append(choice["finish_reason"])
            for part in choice["delta"].get("tool_calls", []):
                if "id" in part:
                    self.assertNotIn(part["index"], calls)
                    calls[part["index"]] = {"id": part["id"], "type": part["type"], "function": dict(part["function"])}
                else:
                    calls[part["index"]]["function"]["arguments"] += part["function"]["arguments"]
        self.assertEqual(ends[-1], whole["finish_reason"])
        self.assertEqual([call["function"] for call in calls.values()],
                         [call["function"] for call in whole["message"]["tool_calls"]])
        self.assertEqual(len({call["id"] for call in calls.values()}), len(calls))

    def test_a_conversation_with_results_goes_on(self):
        choice = self.ask(tool_choice={"type": "function", "function": {"name": "weather"}}, parallel_tool_calls=False)
        turns = [*BODY["messages"], choice["message"],
                 {"role": "tool", "tool_call_id": choice["message"]["tool_calls"][0]["id"], "content": "sunny"}]
        prompt = self.server.post("/apply-template", {"messages": turns, "tools": [WEATHER]})[1]["prompt"]
        self.assertIn("<tool_response>\nsunny\n</tool_response>", prompt)
        self.assertIn('"description":"The weather in a city"', prompt)
        self.assertTrue(self.ask(messages=turns, tool_choice="none", max_tokens=5, ignore_eos=True)["finish_reason"])

    def test_what_is_wrong_with_tools_is_named(self):
        for tools, part in (
                ([{"type": "function", "function": {"name": "a b"}}], "tools[0].function.name"),
                ([CLOCK, CLOCK], "tools[1].function.name"),
                ([{"type": "function", "function": {"name": "a", "parameters": {"properties": {"b": {"not": {}}}}}}],
                 "tool 'a'"),
                ([CLOCK] * 1000, "at most 128")):
            with self.subTest(part=part):
                self.check_error(self.server.post(CHAT, {**BODY, "tools": tools}), 400, part)
        deep = b'{"messages": [], "tools": ' + b"[" * 100000 + b"]" * 100000 + b"}"
        self.check_error(self.server.post(CHAT, deep), 400, "nested")
        self.check_error(self.server.post("/v1/completions", {"prompt": "a", "tools": [CLOCK]}), 400, "tools")
        self.assertEqual(self.server.get("/health")[0], 200)


if __name__ == "__main__":
    unittest.main()
