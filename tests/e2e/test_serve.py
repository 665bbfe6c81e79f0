# SPDX-License-Identifier: Apache-2.0
"""sterna serve: answers over HTTP are those of sterna run."""

import base64
import concurrent.futures
import json
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

from harness import BUILT_IN_MODEL, REPOSITORY, TIMEOUT_SECONDS, TINY_MODEL
from server_case import Server, ServerTest

CHAT = "/v1/chat/completions"
QUESTION = [{"role": "user", "content": "What is a sparrow?"}]


class ServeAnswersTest(ServerTest):
    model = BUILT_IN_MODEL

    def run_json(self, *words):
        return self.ok_json("run", "-m", self.model, "--json", *words)

    def test_a_chat_answers_as_run_does(self):
        expected = self.run_json("-p", "What is a sparrow?", "--temp", "0", "-n", "40")
        status, reply = self.server.post(CHAT, {"messages": QUESTION, "temperature": 0, "max_tokens": 40})
        self.assertEqual(status, 200, reply)
        choice = reply["choices"][0]
        self.assertEqual(reply["object"], "chat.completion")
        self.assertEqual(choice["message"], {"role": "assistant", "content": expected["text"], "refusal": None})
        self.assertEqual(choice["finish_reason"], expected["finish_reason"])
        self.assertEqual(reply["usage"], {
            "prompt_tokens": expected["prompt_tokens"], "completion_tokens": len(expected["tokens"]),
            "total_tokens": expected["prompt_tokens"] + len(expected["tokens"]),
            "prompt_tokens_details": {"cached_tokens": 0}})

    def test_seed_and_sampling_are_those_of_run(self):
        expected = self.run_json("-p", "What is a sparrow?", "--temp", "1.2", "--seed", "7", "--top-k", "20", "-n", "30")
        status, reply = self.server.post(CHAT, {"messages": QUESTION, "temperature": 1.2, "seed": 7, "top_k": 20,
                                                "max_completion_tokens": 30})
        self.assertEqual(status, 200, reply)
        self.assertEqual(reply["choices"][0]["message"]["content"], expected["text"])

    def test_a_stream_gives_the_same_text(self):
        body = {"messages": QUESTION, "temperature": 0, "max_tokens": 40}
        whole = self.server.post(CHAT, body)[1]
        events = self.server.events(CHAT, {**body, "stream_options": {"include_usage": True}})
        self.assertEqual(events[-1], "[DONE]")
        self.assertEqual(events[0]["choices"][0]["delta"], {"role": "assistant", "content": ""})
        self.assertEqual(events[-2]["choices"], [])
        self.assertEqual({**events[-2]["usage"], "prompt_tokens_details": None}, {**whole["usage"], "prompt_tokens_details": None})
        choices = [event["choices"][0] for event in events[:-2]]
        self.assertEqual("".join(choice["delta"].get("content", "") for choice in choices),
                         whole["choices"][0]["message"]["content"])
        self.assertEqual(choices[-1]["finish_reason"], whole["choices"][0]["finish_reason"])
        self.assertTrue(all(choice["finish_reason"] is None for choice in choices[:-1]))

    def test_completions_answer_as_raw_run_does(self):
        expected = self.run_json("--raw", "-p", "A sparrow is", "--temp", "0", "-n", "12")
        status, reply = self.server.post("/v1/completions", {"prompt": "A sparrow is", "temperature": 0, "max_tokens": 12})
        self.assertEqual(status, 200, reply)
        self.assertEqual(reply["object"], "text_completion")
        self.assertEqual(reply["choices"][0]["text"], expected["text"])
        echo = self.server.post("/v1/completions", {"prompt": "A sparrow is", "temperature": 0, "max_tokens": 12,
                                                    "echo": True})[1]
        self.assertEqual(echo["choices"][0]["text"], "A sparrow is" + expected["text"])

    def test_prompts_of_several_texts_and_ids(self):
        ids = self.server.post("/tokenize", {"content": "A piano is", "add_special": True})[1]["tokens"]
        texts = ["A sparrow is", "A piano is"]
        status, reply = self.server.post("/v1/completions", {"prompt": texts, "temperature": 0, "max_tokens": 8})
        self.assertEqual(status, 200, reply)
        self.assertEqual([choice["index"] for choice in reply["choices"]], [0, 1])
        alone = self.server.post("/v1/completions", {"prompt": ids, "temperature": 0, "max_tokens": 8})[1]
        self.assertEqual(reply["choices"][1]["text"], alone["choices"][0]["text"])

    def test_several_choices_of_one_seed(self):
        body = {"messages": QUESTION, "temperature": 2, "top_k": 0, "top_p": 1, "seed": 3, "max_tokens": 20}
        alone = self.server.post(CHAT, body)[1]["choices"][0]["message"]["content"]
        reply = self.server.post(CHAT, {**body, "n": 3})[1]
        texts = [choice["message"]["content"] for choice in reply["choices"]]
        self.assertEqual(texts[0], alone)
        self.assertEqual(len(set(texts)), 3)
        streamed = ["", "", ""]
        for event in self.server.events(CHAT, {**body, "n": 3})[:-1]:
            choice = event["choices"][0]
            streamed[choice["index"]] += choice["delta"].get("content", "")
        self.assertEqual(streamed, texts)

    def test_a_stop_string_never_shows(self):
        body = {"messages": QUESTION, "temperature": 0, "max_tokens": 40}
        whole = self.server.post(CHAT, body)[1]["choices"][0]["message"]["content"]
        stop = whole[len(whole) // 2:][:4]
        cut = whole[:whole.index(stop)]
        choice = self.server.post(CHAT, {**body, "stop": stop})[1]["choices"][0]
        self.assertEqual((choice["message"]["content"], choice["finish_reason"]), (cut, "stop"))
        events = self.server.events(CHAT, {**body, "stop": ["never seen", stop]})[:-1]
        self.assertEqual("".join(event["choices"][0]["delta"].get("content", "") for event in events), cut)

    def test_logprobs(self):
        body = {"messages": QUESTION, "temperature": 0, "max_tokens": 6, "logprobs": True, "top_logprobs": 3}
        choice = self.server.post(CHAT, body)[1]["choices"][0]
        content = choice["logprobs"]["content"]
        self.assertEqual("".join(token["token"] for token in content), choice["message"]["content"])
        for token in content:
            self.assertEqual(len(token["top_logprobs"]), 3)
            self.assertEqual(token["top_logprobs"][0]["token"], token["token"])  # greedy draws the likeliest
            self.assertEqual(token["top_logprobs"][0]["logprob"], token["logprob"])
            self.assertEqual(bytes(token["bytes"]).decode(), token["token"])
            self.assertLessEqual(token["logprob"], 0)
        streamed = [token for event in self.server.events(CHAT, body)[:-1]
                    for token in ((event["choices"][0].get("logprobs") or {}).get("content") or [])]
        self.assertEqual(streamed, content)

    def test_logit_bias_bans_and_forces(self):
        ids = self.server.post("/tokenize", {"content": " zebra"})[1]["tokens"]
        body = {"prompt": "A sparrow is", "temperature": 0, "max_tokens": 3, "ignore_eos": True}
        forced = self.server.post("/completion", {**body, "logit_bias": {str(ids[0]): 100}, "return_tokens": True})[1]
        self.assertEqual(forced["tokens"], [ids[0]] * 3)
        free = self.server.post("/completion", {**body, "return_tokens": True})[1]
        banned = self.server.post("/completion", {**body, "logit_bias": [[free["tokens"][0], False]],
                                                  "return_tokens": True})[1]
        self.assertNotIn(free["tokens"][0], banned["tokens"])

    def said(self, body):
        status, reply = self.server.post(CHAT, body)
        self.assertEqual(status, 200, reply)
        return reply["choices"][0]["message"]["content"]

    def test_answers_of_a_grammar_or_a_schema(self):
        colour = {"type": "object", "properties": {"colour": {"enum": ["red", "green"]}}, "required": ["colour"],
                  "additionalProperties": False}
        for temperature in (0, 2):
            body = {"messages": [{"role": "user", "content": "Is it?"}], "max_tokens": 64, "temperature": temperature}
            self.assertIn(self.said({**body, "grammar": 'root ::= "yes" | "no"'}), ("yes", "no"))
            for schema in ({"json_schema": colour},
                           {"response_format": {"type": "json_schema", "json_schema": {"name": "c", "schema": colour}}},
                           {"response_format": {"type": "json_object", "schema": colour}}):
                with self.subTest(schema=schema, temperature=temperature):
                    self.assertIn(json.loads(self.said({**body, **schema}))["colour"], ("red", "green"))

    def test_the_native_protocol(self):
        expected = self.run_json("--raw", "-p", "A sparrow is", "--temp", "0", "-n", "9")
        body = {"prompt": "A sparrow is", "temperature": 0, "n_predict": 9, "return_tokens": True}
        reply = self.server.post("/completion", body)[1]
        self.assertEqual((reply["content"], reply["tokens"]), (expected["text"], expected["tokens"]))
        self.assertTrue(reply["stop"])
        self.assertEqual(reply["stop_type"], "limit" if expected["finish_reason"] == "length" else "eos")
        self.assertEqual(reply["timings"]["predicted_n"], len(expected["tokens"]))
        self.assertEqual(reply["generation_settings"]["n_predict"], 9)
        events = self.server.events("/completion", body)
        self.assertEqual("".join(event["content"] for event in events), expected["text"])
        self.assertEqual([token for event in events for token in event["tokens"]], expected["tokens"])
        self.assertEqual([event["stop"] for event in events], [False] * (len(events) - 1) + [True])

    def test_a_conversation_is_not_computed_again(self):
        turns = [{"role": "user", "content": "What is a sparrow? " * 20}]
        first = self.server.post(CHAT, {"messages": turns, "temperature": 0, "max_tokens": 10})[1]
        answer = first["choices"][0]["message"]["content"]
        turns += [{"role": "assistant", "content": answer}, {"role": "user", "content": "What is a piano?"}]
        body = {"messages": turns, "temperature": 0, "max_tokens": 10}
        second = self.server.post(CHAT, body)[1]
        cached = second["usage"]["prompt_tokens_details"]["cached_tokens"]
        self.assertGreaterEqual(cached, 64)
        metrics = self.server.request("GET", "/metrics")[2].decode()
        counted = re.search(r"^sterna_cached_prompt_tokens_total (\d+)$", metrics, re.MULTILINE)
        self.assertGreaterEqual(int(counted.group(1)), cached)
        with Server(model=self.model) as other:  # which has computed nothing before
            alone = other.post(CHAT, body)[1]
        self.assertEqual(alone["usage"]["prompt_tokens_details"]["cached_tokens"], 0)
        self.assertEqual(alone["choices"], second["choices"])

    def test_sixteen_streams_at_once_are_each_as_if_alone(self):
        def body(i):
            return {"messages": [{"role": "user", "content": f"What is a {['sparrow', 'piano', 'river'][i % 3]}?"}],
                    "temperature": 1.0, "seed": i, "max_tokens": 20 + i}

        def text(i):
            events = self.server.events(CHAT, body(i))[:-1]
            return "".join(event["choices"][0]["delta"].get("content", "") for event in events)

        alone = [text(i) for i in range(16)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual(list(pool.map(text, range(16))), alone)


class ServeInfoTest(ServerTest):
    """Endpoints that generate nothing."""

    flags = ("--alias", "tiny", "--ctx", "128")

    def test_health_and_models(self):
        self.assertEqual(self.server.get("/health"), (200, {"status": "ok"}))
        self.assertEqual(self.server.get("/ready"), (200, {"status": "ready"}))
        status, models = self.server.get("/v1/models")
        self.assertEqual((status, models["object"], models["data"][0]["id"]), (200, "list", "tiny"))
        self.assertEqual(models["data"][0]["meta"]["n_ctx"], 128)

    def test_props_and_slots(self):
        props = self.server.get("/props")[1]
        self.assertEqual(props["default_generation_settings"]["n_ctx"], 128)
        self.assertEqual(len(self.server.get("/slots")[1]), props["total_slots"])

    def test_tokenize_and_back(self):
        text = "Straße, 東京 and 🙂"
        ids = self.server.post("/tokenize", {"content": text})[1]["tokens"]
        self.assertEqual(ids, self.ok_json("tokenize", "-m", self.model, "--no-bos", "--json", stdin=text)["ids"])
        self.assertEqual(self.server.post("/detokenize", {"tokens": ids})[1], {"content": text})
        pieces = self.server.post("/tokenize", {"content": text, "with_pieces": True})[1]["tokens"]
        self.assertEqual([piece["id"] for piece in pieces], ids)
        whole = b"".join(bytes(p["piece"]) if isinstance(p["piece"], list) else p["piece"].encode() for p in pieces)
        self.assertEqual(whole.decode(), text)

    def test_apply_template(self):
        prompt = self.server.post("/apply-template", {"messages": QUESTION})[1]["prompt"]
        self.assertIn("What is a sparrow?", prompt)
        self.assertNotEqual(prompt, "What is a sparrow?")

    def test_embeddings_are_those_of_embed(self):
        expected = self.ok_json("embed", "-m", self.model, "--json", "--ctx", "128", stdin="one text\nanother\n")
        body = {"input": ["one text", "another"], "encoding_format": "float"}
        status, reply = self.server.post("/v1/embeddings", body)
        self.assertEqual(status, 200, reply)
        for got, want in zip(reply["data"], expected["embeddings"]):
            for a, b in zip(got["embedding"], want, strict=True):
                self.assertAlmostEqual(a, b, places=6)
        self.assertEqual(reply["usage"]["prompt_tokens"], sum(expected["tokens"]))
        packed = self.server.post("/v1/embeddings", {**body, "encoding_format": "base64"})[1]["data"][1]["embedding"]
        floats = struct.unpack(f"<{len(expected['embeddings'][1])}f", base64.b64decode(packed))
        for a, b in zip(floats, expected["embeddings"][1], strict=True):
            self.assertAlmostEqual(a, b, places=6)

    def test_metrics_count(self):
        before = self.server.metric("llamacpp:tokens_predicted_total")
        self.server.post("/completion", {"prompt": "a", "n_predict": 5, "ignore_eos": True})
        self.assertEqual(self.server.metric("llamacpp:tokens_predicted_total"), before + 5)
        text = self.server.request("GET", "/metrics")[2].decode()
        for name in ("llamacpp:prompt_tokens_total", "llamacpp:requests_processing", "llamacpp:requests_deferred",
                     "sterna_kv_blocks_used", "sterna_connections"):
            self.assertRegex(text, rf"(?m)^# TYPE {name} \w+$")

    def test_request_ids_come_back(self):
        self.assertEqual(self.server.request("GET", "/health", headers={"X-Request-Id": "abc-1"})[1]["X-Request-Id"], "abc-1")
        other = self.server.request("GET", "/health", headers={"X-Request-Id": "a b"})[1]["X-Request-Id"]
        self.assertRegex(other, r"^[0-9a-f]{24}$")

    def test_a_connection_serves_many_requests(self):
        connection = self.server.connection()
        for _ in range(3):
            connection.request("GET", "/health")
            self.assertEqual(connection.getresponse().read(), b'{"status":"ok"}')
        connection.request("HEAD", "/health")
        reply = connection.getresponse()
        self.assertEqual((reply.status, reply.headers["Content-Length"], reply.read()), (200, "15", b""))
        connection.close()


@unittest.skipIf(shutil.which("curl") is None, "curl is not installed")
class ServeExamplesTest(ServerTest):
    model = BUILT_IN_MODEL

    def test_the_examples_of_the_document_work_as_typed(self):
        text = (REPOSITORY / "docs" / "server.md").read_text(encoding="utf-8")
        block = next(block for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "curl " in block)
        examples = block.strip().split("\n\n")
        self.assertGreaterEqual(len(examples), 7)
        for example in examples:
            with self.subTest(example=example):
                words = example.replace("127.0.0.1:8080", f"127.0.0.1:{self.server.port}").replace("curl ", "curl -sS ")
                done = subprocess.run(["sh", "-c", words], capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                if done.stdout.startswith(b"data: "):
                    self.assertTrue(done.stdout.endswith(b"data: [DONE]\n\n"))
                else:
                    self.assertNotIn("error", json.loads(done.stdout))


class ServeStartTest(ServerTest):
    def test_a_port_in_use_is_named(self):
        error = self.fails(1, "serve", "-m", TINY_MODEL, "--port", self.server.port)
        self.assertIn(str(self.server.port), error)

    def test_a_key_file_that_is_missing_or_empty(self):
        self.assertIn("no-such-file", self.fails(3, "serve", "-m", TINY_MODEL, "--port", "0", "--api-key-file", "no-such-file"))
        self.fails(2, "serve", "-m", TINY_MODEL, "--port", "0", "--api-key-file", "/dev/null")

    def test_an_address_that_is_none(self):
        self.fails(2, "serve", "-m", TINY_MODEL, "--port", "0", "--host", "256.1.1.1.1")


class ServeUnixSocketTest(ServerTest):
    def test_a_unix_socket(self):
        with tempfile.TemporaryDirectory() as folder:
            with Server(unix_socket=f"{folder}/s") as server:
                self.assertEqual(server.get("/health"), (200, {"status": "ok"}))


if __name__ == "__main__":
    unittest.main()
