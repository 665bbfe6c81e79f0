# SPDX-License-Identifier: Apache-2.0
"""What hostile or broken clients send gets a clean refusal, and everybody else is answered."""

import json
import socket
import tempfile
import unittest

from harness import environment
from server_case import Server, ServerTest

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hello"}]
LONG = {"prompt": "a", "n_predict": -1, "ignore_eos": True, "stream": True}


def raw(server, data, half_close=False):
    """What the server says to these bytes before it closes the connection."""
    with server.connect() as plain:
        try:
            plain.sendall(data)
            if half_close:
                plain.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        said = b""
        try:
            while piece := plain.recv(65536):
                said += piece
        except ConnectionResetError:
            pass
        return said


def post(body, *headers):
    lines = ["POST /tokenize HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class BadBodiesTest(ServerTest):
    def bad(self, body, part="", path=CHAT):
        return self.check_error(self.server.post(path, body), 400, part)

    def test_no_json(self):
        for body in (b"", b"[]", b"null", b"{", b"{} x", b'{"a":1e999}', b'{"a":NaN}', b"\xff\xfe", b'{"a":"\xc3\x28"}',
                     b'{"a":"\\ud800"}', b"\xef\xbb\xbf[]"):
            with self.subTest(body=body):
                self.bad(body)

    def test_deep_json(self):
        self.bad(b"[" * 100_000, "deeper")
        self.bad(b'{"a":' * 1000 + b"1" + b"}" * 1000, "deeper")

    def test_messages(self):
        for messages in (None, [], {}, "x", [1], [{}], [{"role": "user"}], [{"role": "king", "content": "x"}],
                         [{"role": "user", "content": 1}], [{"role": "user", "content": [{"type": "text"}]}],
                         [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}]):
            with self.subTest(messages=messages):
                self.bad({"messages": messages}, "messages")

    def test_numbers_out_of_range(self):
        for name, values in {
                "n": (0, -1, 2_000_000_000, 65, 1.5, "1"), "max_tokens": (-2, 2 ** 31, 2 ** 63, 2 ** 64, 1e30, "9", []),
                "temperature": (-1, 2.1, 1e38, "hot"), "top_p": (-0.1, 1.1), "min_p": (2,), "top_k": (-2, 2 ** 31),
                "repeat_penalty": (0, -1, 1e38), "repeat_last_n": (-2, 2 ** 31), "frequency_penalty": (-3, 3),
                "presence_penalty": (9,), "seed": (-2, 1.5, "x"), "top_logprobs": (-1, 21, 10 ** 9), "stream": (1, "yes"),
                "logprobs": (3,), "stop": (1, [1], ["x"] * 65, "x" * 20_000), "model": (1,), "stream_options": (1,),
                "logit_bias": (1, {"x": 1}, {"1": "x"}, {"1": 1e9}, [[1]], [[-1, 1]], {"999999999": 1})}.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    self.bad({"messages": HELLO, name: value}, name if name != "logprobs" else "")

    def test_prompts(self):
        for prompt in (None, [], [[]], [-1], [1.5], [2 ** 31], [10 ** 6], ["a", 1], {"a": 1}, 5, ["a"] * 65, [[1], "a", 2]):
            with self.subTest(prompt=prompt):
                self.bad({"prompt": prompt, "max_tokens": 1}, path="/v1/completions")

    def test_a_prompt_longer_than_the_context(self):
        error = self.bad({"prompt": [1] * 5000, "max_tokens": 1}, path="/v1/completions")
        self.assertEqual((error["type"], error["n_prompt_tokens"]), ("exceed_context_size_error", 5000))

    def test_what_is_not_supported_is_refused_not_passed_over(self):
        for field in ({"functions": [{"name": "f"}]}, {"response_format": {"type": "yaml"}}):
            with self.subTest(field=field):
                self.bad({"messages": HELLO, **field}, "not supported")

    def test_schemas_and_grammars_that_cannot_be(self):
        deep = {}
        for _ in range(80):
            deep = {"properties": {"a": deep}}
        for field in ({"grammar": "root ::= x"}, {"grammar": 5}, {"json_schema": {"type": "colour"}}, {"json_schema": deep},
                      {"response_format": "json"}, {"response_format": {"type": "json_schema"}},
                      {"response_format": {"type": "json_schema", "json_schema": 5}},
                      {"response_format": {"type": "json_object"}, "grammar": "root ::= \"a\""},
                      {"response_format": {"type": "json_object"}, "ignore_eos": True}):
            with self.subTest(fields=sorted(field)):
                self.bad({"messages": HELLO, **field})

    def test_embeddings(self):
        for body in ({}, {"input": []}, {"input": [[]]}, {"input": ["a"] * 2049}, {"input": 1},
                     {"input": "a", "encoding_format": "x"}, {"input": "a", "dimensions": 0}, {"input": [1] * 5000},
                     {"input": "a", "dimensions": 10 ** 9}, {"input": [10 ** 6]}):
            with self.subTest(body=str(body)[:60]):
                self.bad(body, path="/v1/embeddings")

    def test_tokens_that_are_none(self):
        for tokens in (None, "a", [-1], [10 ** 9], [1.5], ["a"]):
            with self.subTest(tokens=tokens):
                self.bad({"tokens": tokens}, path="/detokenize")


class BadHttpTest(ServerTest):
    flags = ("--max-body", "1", "--read-timeout", "1", "--max-connections", "40")

    def check_raw(self, data, status, half_close=False):
        said = raw(self.server, data, half_close)
        self.assertTrue(said.startswith(f"HTTP/1.1 {status} ".encode()), said[:300])
        return said

    def test_paths_and_methods(self):
        for path in ("/x", "/page/", "/page/../x", "/../../etc/passwd", "/%2e%2e/", "//", "/v1/chat/completions/", "http://evil/health"):
            with self.subTest(path=path):
                self.check_error(self.server.get(path), 404)
        self.check_error(self.server.get(CHAT), 405)
        self.check_error(self.server.post("/health", {}), 405)
        self.check_error((405, json.loads(self.server.request("BREW", "/health")[2])), 405)

    def test_what_is_no_http(self):
        for data in (b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 20,
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /health HTTP/1.1\r\nA\x00B: x\r\n\r\n"):
            with self.subTest(data=data):
                self.check_raw(data, 400)

    def test_heads_that_are_too_long(self):
        self.check_raw(b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n", 431)
        self.check_raw(b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 10_000 + b"\r\n", 431)

    def test_lengths_that_lie(self):
        for length in ("-1", "x", str(2 ** 64), "1, 2"):
            with self.subTest(length=length):
                self.check_raw(f"POST /tokenize HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode(), 400)
        self.check_raw(b"POST /tokenize HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400)
        self.check_raw(b"POST /tokenize HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", 400)

    def test_bodies_that_are_too_long(self):
        self.check_raw(b"POST /tokenize HTTP/1.1\r\nContent-Length: 104857600\r\n\r\n" + b"x" * 100_000, 413)
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        self.check_raw(b"POST /tokenize HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 20, 413)

    def test_chunked_bodies_and_continue_work(self):
        body = b'{"content":"hello"}'
        chunked = b"POST /tokenize HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        chunked += b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        self.assertIn(b'"tokens"', self.check_raw(chunked, 200))
        said = raw(self.server, post(body, "Expect: 100-continue"))
        self.assertTrue(said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), said)

    def test_http_1_0_gets_a_reply_and_the_end(self):
        self.assertTrue(raw(self.server, b"GET /health HTTP/1.0\r\n\r\n").endswith(b'{"status":"ok"}'))
        body = json.dumps({"prompt": "a", "n_predict": 3, "stream": True, "ignore_eos": True}).encode()
        said = raw(self.server, b"POST /completion HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertNotIn(b"chunked", said)
        self.assertIn(b'"stop":true', said)

    def test_requests_that_stop_at_every_byte(self):
        request = post(b'{"content":"hello"}')
        for cut in range(len(request)):
            with self.server.connect() as plain:
                plain.sendall(request[:cut])
        self.assertEqual(self.server.get("/health")[0], 200)

    def test_slow_heads_and_bodies_are_cut_off(self):
        for part in (b"", b"GET /health HT", b"POST /tokenize HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"):
            with self.subTest(part=part):
                self.assertEqual(raw(self.server, part), b"")  # and not a wait for ever

    def test_idle_connections_make_room(self):
        idle = [self.server.connect() for _ in range(200)]
        self.assertEqual(self.server.get("/health")[0], 200)
        self.server.wait_for("sterna_connections", lambda count: count <= 41)
        for plain in idle:
            plain.close()

    def test_pipelined_requests_are_answered_in_order(self):
        one = b"GET /health HTTP/1.1\r\n\r\n"
        last = b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n"
        self.assertEqual(raw(self.server, one * 4 + last).count(b"HTTP/1.1 200 OK"), 5)


class AccessTest(ServerTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.keys = f"{cls.folder.name}/keys"
        with open(cls.keys, "w", encoding="utf-8") as file:
            file.write("# who may ask\nfirst-key\n  second-key \n\n")
        cls.flags = ("--api-key-file", cls.keys, "--cors-origin", "https://good.example")
        super().setUpClass()

    def status(self, path="/v1/models", method="GET", **headers):
        return self.server.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})[0]

    def test_keys(self):
        self.assertEqual(self.status(), 401)
        for wrong in ("Bearer ", "Bearer x", "Bearer first-ke", "Bearer first-keyy", "Basic first-key", "first-key",
                      "Bearer # who may ask", "Bearer " + "k" * 8000):
            with self.subTest(wrong=wrong):
                self.assertEqual(self.status(Authorization=wrong), 401)
        for right in ("Bearer first-key", "bearer second-key", "Bearer   first-key"):
            self.assertEqual(self.status(Authorization=right), 200)
        self.assertEqual(self.status(X_Api_Key="second-key"), 200)
        self.assertEqual(self.status("/v1/models?key=first-key"), 401)
        self.assertEqual(self.status("/metrics"), 401)
        self.assertEqual(self.status("/health"), 200)

    def test_a_wrong_key_is_told_before_the_body_is_read(self):
        said = raw(self.server, b"POST /tokenize HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        self.assertTrue(said.startswith(b"HTTP/1.1 401 "), said)

    def test_pages_of_other_sites(self):
        key = {"Authorization": "Bearer first-key"}
        self.assertEqual(self.status(Origin="https://evil.example", **key), 403)
        self.assertEqual(self.status(Origin="null", **key), 403)
        self.assertEqual(self.status(Origin="http://evil.example:80", Host="evil.example:80", **key), 403)  # rebound DNS
        self.assertEqual(self.status(Origin=f"http://127.0.0.1:{self.server.port}", **key), 200)
        status, headers, _ = self.server.request("OPTIONS", CHAT, headers={"Origin": "https://good.example"})
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (204, "https://good.example"))
        self.assertEqual(self.status(Origin="https://good.example", **key), 200)
        self.assertIsNone(self.server.request("GET", "/health")[1]["Access-Control-Allow-Origin"])

    def test_a_key_from_the_environment(self):
        with Server(env=environment(STERNA_API_KEY="from-outside")) as server:
            self.assertEqual(server.request("GET", "/v1/models")[0], 401)
            self.assertEqual(server.request("GET", "/v1/models", headers={"X-Api-Key": "from-outside"})[0], 200)


if __name__ == "__main__":
    unittest.main()
