# SPDX-License-Identifier: Apache-2.0
"""Queues, clients that leave, signals."""

import json
import pathlib
import signal
import socket
import tempfile
import unittest

from harness import TIMEOUT_SECONDS, SternaTest
from server_case import Server

ENDLESS = {"prompt": "a", "n_predict": -1, "ignore_eos": True, "stream": True}
SHORT = {"prompt": "a", "n_predict": 3, "ignore_eos": True}
CONTEXT = ("--ctx", "4096")


def begin(server, body):
    """A request whose reply has begun: (socket, what came so far)."""
    plain = server.connect()
    data = json.dumps(body).encode()
    plain.sendall(b"POST /completion HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
    said = b""
    while b"\ndata: " not in said:
        piece = plain.recv(65536)
        assert piece, said
        said += piece
    return plain, said


def rest(plain, said=b""):
    with plain:
        while piece := plain.recv(65536):
            said += piece
    return said


class AccessLogTest(SternaTest):
    def test_every_request_has_a_line_and_a_signal_begins_a_new_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "access.log"
            with Server("--access-log", path) as server:
                trace = "0af7651916cd43dd8448eb211c80319c"
                _, headers, _ = server.request("POST", "/completion", SHORT, {
                    "X-Request-Id": "mine", "traceparent": f"00-{trace}-b7ad6b7169203331-01"})
                self.assertIn(trace, headers["traceparent"])
                server.request("GET", "/nowhere")
                rest(*begin(server, {**SHORT, "stream": True}))
                moved = path.rename(path.with_suffix(".1"))
                server.process.send_signal(signal.SIGHUP)
                while not path.exists():
                    server.get("/health")
                server.get("/props")
            lines = [json.loads(line) for line in moved.read_text().splitlines()]
            first, refused, streamed = lines[:3]
            self.assertEqual((first["id"], first["status"], first["completion_tokens"], first["finish"], first["trace_id"]),
                             ("mine", 200, 3, "length", trace))
            self.assertEqual((refused["path"], refused["status"]), ("/nowhere", 404))
            self.assertEqual((streamed["path"], streamed["completion_tokens"]), ("/completion", 3))
            self.assertEqual(json.loads(path.read_text().splitlines()[-1])["path"], "/props")

    def test_a_log_that_cannot_be_written_is_named(self):
        self.assertIn("/nonexistent/log", self.fails(1, "serve", "--port", "0", "--access-log", "/nonexistent/log"))


class QueueTest(SternaTest):
    def test_a_full_queue_is_429_and_others_are_answered_in_turn(self):
        with Server(*CONTEXT, "--parallel", "1", "--queue", "1") as server:
            running, _ = begin(server, ENDLESS)
            waiting = server.connection()
            waiting.request("POST", "/completion", json.dumps(SHORT))
            server.wait_for_metric("llamacpp:requests_deferred", 1)
            status, headers, body = server.request("POST", "/completion", SHORT)
            self.assertEqual(status, 429, body)
            self.assertGreaterEqual(int(headers["Retry-After"]), 1)
            self.assertEqual(json.loads(body)["error"]["type"], "unavailable_error")
            self.assertEqual(server.get("/ready")[0], 503)
            running.close()
            self.assertEqual(waiting.getresponse().status, 200)
            waiting.close()

    def test_more_answers_than_the_queue_holds_leave_nothing_behind(self):
        with Server(*CONTEXT, "--parallel", "1", "--queue", "2") as server:
            reply = server.post("/v1/completions", {"prompt": "a", "n": 9, "max_tokens": 2000, "ignore_eos": True})
            self.assertEqual(reply[0], 429, reply)
            server.wait_for_metric("llamacpp:requests_deferred", 0)
            server.wait_for_metric("llamacpp:requests_processing", 0)

    def test_many_short_of_memory_give_way_and_answer_as_if_alone(self):
        body = {"prompt": "a", "n_predict": 200, "ignore_eos": True, "temperature": 1, "n": 1}
        with Server("--ctx", "256", "--kv-contexts", "1") as server:
            alone = [server.post("/completion", {**body, "seed": seed})[1]["content"] for seed in range(4)]
            connections = []
            for seed in range(4):
                connections.append(server.connection())
                connections[-1].request("POST", "/completion", json.dumps({**body, "seed": seed}))
            together = [json.loads(connection.getresponse().read())["content"] for connection in connections]
            for connection in connections:
                connection.close()
            self.assertEqual(together, alone)
            self.assertGreater(server.metric("sterna_preempted_total"), 0)

    def test_a_deadline(self):
        with Server(*CONTEXT, "--request-timeout", "1") as server:
            plain, said = begin(server, ENDLESS)
            last = [line for line in rest(plain, said).decode().splitlines() if line.startswith("data: ")][-1]
            self.assertIn("deadline", json.loads(last[len("data: "):])["error"]["message"])


class LeavingClientsTest(SternaTest):
    def check_left(self, leave, body):
        with Server(*CONTEXT) as server:
            leave(server, body)
            server.wait_for_metric("llamacpp:requests_processing", 0)
            self.assertGreaterEqual(server.metric("sterna_abandoned_total"), 1)
            self.assertGreaterEqual(server.metric("llamacpp:tokens_predicted_total"), 1)  # counted when they are drawn
            self.assertEqual(server.metric("sterna_kv_blocks_used"), 0)
            self.assertEqual(server.post("/completion", SHORT)[0], 200)

    def test_a_stream_whose_client_closes(self):
        self.check_left(lambda server, body: begin(server, body)[0].close(), ENDLESS)

    def test_a_stream_whose_client_is_reset(self):
        def leave(server, body):
            plain, _ = begin(server, body)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            plain.close()
        self.check_left(leave, ENDLESS)

    def test_a_stream_whose_client_does_not_read(self):
        def leave(server, body):
            self.addCleanup(begin(server, body)[0].close)
            server.wait_for_metric("sterna_abandoned_total", 1)
        self.check_left(leave, {**ENDLESS, "n_probs": 20})

    def test_a_client_that_does_not_wait_for_a_whole_reply(self):
        def leave(server, body):
            connection = server.connection()
            connection.request("POST", "/completion", json.dumps(body))
            server.wait_for_metric("llamacpp:requests_processing", 1)
            connection.close()
        self.check_left(leave, {**ENDLESS, "stream": False})


class SignalsTest(SternaTest):
    def test_sigterm_lets_accepted_requests_finish(self):
        with Server(*CONTEXT) as server:
            long = {**ENDLESS, "n_predict": 300}
            alone = rest(*begin(server, long)).count(b"data: ")
            streams = [begin(server, long) for _ in range(3)]
            idle = server.connect()
            server.process.send_signal(signal.SIGTERM)
            for plain, said in streams:
                self.assertEqual(rest(plain, said).count(b"data: "), alone)
            self.assertEqual(rest(idle), b"")
            self.assertEqual(server.process.wait(TIMEOUT_SECONDS), 0)

    def test_a_second_signal_ends_at_once(self):
        with Server(*CONTEXT) as server:
            plain, _ = begin(server, ENDLESS)
            server.process.send_signal(signal.SIGINT)
            with self.assertRaises(OSError):  # as soon as the first has come, nobody is let in
                while True:
                    server.connect().close()
            server.process.send_signal(signal.SIGINT)
            self.assertEqual(server.process.wait(TIMEOUT_SECONDS), 130)
            plain.close()

    def test_sighup_reads_the_keys_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/keys"

            def write(text):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)

            def status(server, key):
                return server.request("GET", "/v1/models", headers={"X-Api-Key": key})[0]

            write("old\n")
            with Server("--api-key-file", path) as server:
                self.assertEqual((status(server, "old"), status(server, "new")), (200, 401))
                write("new\n")
                server.process.send_signal(signal.SIGHUP)
                while status(server, "new") != 200:
                    pass
                self.assertEqual(status(server, "old"), 401)
                write("")  # a mistake: the keys stay
                server.process.send_signal(signal.SIGHUP)
                while not any("the old API keys stay" in line for line in server.lines):
                    self.assertEqual(status(server, "new"), 200)
                self.assertEqual(status(server, ""), 401)


if __name__ == "__main__":
    unittest.main()
