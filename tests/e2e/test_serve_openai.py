# SPDX-License-Identifier: Apache-2.0
"""OpenAI's own Python client against sterna serve, where it is installed (pip install openai)."""

import unittest

from harness import BUILT_IN_MODEL
from server_case import ServerTest

try:
    import openai
except ImportError:
    openai = None

QUESTION = [{"role": "user", "content": "What is a sparrow?"}]


@unittest.skipIf(openai is None, "the Python package openai is not installed")
class OpenAiClientTest(ServerTest):
    model = BUILT_IN_MODEL

    def setUp(self):
        self.client = openai.OpenAI(base_url=f"http://127.0.0.1:{self.server.port}/v1", api_key="any", max_retries=0)
        self.addCleanup(self.client.close)

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


if __name__ == "__main__":
    unittest.main()
