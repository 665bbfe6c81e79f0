# SPDX-License-Identifier: Apache-2.0
"""OpenAI's own Python client against sterna serve, where it is installed (pip install openai)."""

import json
import unittest

from harness import BUILT_IN_MODEL
from server_case import ServerTest

try:
    import openai
except ImportError:
    openai = None

QUESTION = [{"role": "user", "content": "What is a sparrow?"}]


class ClientTest(ServerTest):
    def setUp(self):
        self.client = openai.OpenAI(base_url=f"http://127.0.0.1:{self.server.port}/v1", api_key="any", max_retries=0)
        self.addCleanup(self.client.close)


@unittest.skipIf(openai is None, "the Python package openai is not installed")
class OpenAiClientTest(ClientTest):
    model = BUILT_IN_MODEL

    def chat(self, **options):
        return self.client.chat.completions.create(model="sterna", messages=QUESTION, temperature=0, max_tokens=20,
                                                   **options)

    def test_chat_and_stream(self):
        whole = self.chat(logprobs=True, top_logprobs=2)
        text = whole.choices[0].message.content
        self.assertTrue(text)
        self.assertEqual("".join(token.token for token in whole.choices[0].logprobs.content), text)
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices), text)
        self.assertEqual(chunks[-1].usage.total_tokens, whole.usage.total_tokens)

    def test_completions(self):
        reply = self.client.completions.create(model="sterna", prompt="A sparrow is", max_tokens=5, n=2, logprobs=1)
        self.assertEqual(len(reply.choices), 2)
        self.assertEqual(reply.usage.completion_tokens, sum(len(c.logprobs.tokens) for c in reply.choices))

    def test_embeddings(self):
        reply = self.client.embeddings.create(model="sterna", input=["one", "two"])  # asks for base64 by itself
        self.assertEqual(len(reply.data), 2)
        self.assertAlmostEqual(sum(x * x for x in reply.data[0].embedding), 1, places=4)

    def test_models(self):
        self.assertEqual(len(self.client.models.list().data), 1)

    def test_errors(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(model="sterna", messages=QUESTION, temperature=3)
        self.assertIn("temperature", str(caught.exception))


@unittest.skipIf(openai is None, "the Python package openai is not installed")
class OpenAiToolsTest(ClientTest):
    def test_a_function_is_called_and_its_result_is_taken(self):
        tools = [{"type": "function", "function": {"name": "weather", "parameters": {
            "type": "object", "required": ["city"], "additionalProperties": False,
            "properties": {"city": {"enum": ["Rome", "Oslo"]}}}}}]
        forced = {"tools": tools, "tool_choice": {"type": "function", "function": {"name": "weather"}},
                  "parallel_tool_calls": False}
        ask = self.client.chat.completions.create
        choice = ask(model="sterna", messages=QUESTION, temperature=0, max_tokens=400, **forced).choices[0]
        self.assertEqual(choice.finish_reason, "tool_calls")
        call = choice.message.tool_calls[0]
        self.assertIn(json.loads(call.function.arguments)["city"], ["Rome", "Oslo"])
        with self.client.chat.completions.stream(model="sterna", messages=QUESTION, temperature=0, max_tokens=400,
                                                 **forced) as stream:
            streamed = stream.get_final_completion().choices[0].message.tool_calls[0]
        self.assertEqual(streamed.function.arguments, call.function.arguments)
        turns = [*QUESTION, choice.message.model_dump(exclude_none=True),
                 {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
        self.assertEqual(ask(model="sterna", messages=turns, max_tokens=5, tools=tools).usage.completion_tokens, 5)


if __name__ == "__main__":
    unittest.main()
