# SPDX-License-Identifier: Apache-2.0
"""A running `sterna serve` for tests, and plain HTTP to it."""

import http.client
import json
import re
import signal
import socket
import subprocess
import threading

from harness import TIMEOUT_SECONDS, TINY_MODEL, SternaTest, command, environment


class Server:
    """sterna serve on a free port; `with` ends it."""

    def __init__(self, *flags, model=TINY_MODEL, env=None, unix_socket=None):
        # A machine that is slow, or short of memory, is no failure of a test.
        calm = ["--set", "health.latency_threshold_ms=86400000", "--set", "health.memory_threshold=1"]
        words = ["serve", "-m", model, *calm, *flags]
        words += ["--unix-socket", unix_socket] if unix_socket else ["--port", "0"]
        self.unix_socket = unix_socket
        self.process = subprocess.Popen(command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env or environment())
        self.lines = []
        self.listening = threading.Event()
        self.reader = threading.Thread(target=self._read_stderr, daemon=True)
        self.reader.start()
        if not self.listening.wait(TIMEOUT_SECONDS) or self.process.poll() is not None:
            self.process.kill()
            raise AssertionError("the server did not start: " + "\n".join(self.lines))
        found = re.search(r"listening on https?://127\.0\.0\.1:(\d+)", "\n".join(self.lines))
        self.port = int(found.group(1)) if found else None

    def _read_stderr(self):
        for line in self.process.stderr:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))
            if self.lines[-1].startswith("listening on "):
                self.listening.set()
        self.listening.set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("the server did not end after SIGTERM") from None
        self.reader.join()
        self.process.stdout.close()
        self.process.stderr.close()

    def connect(self):
        """A bare socket."""
        if self.unix_socket:
            plain = socket.socket(socket.AF_UNIX)
            plain.settimeout(TIMEOUT_SECONDS)
            plain.connect(self.unix_socket)
            return plain
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_SECONDS)

    def connection(self):
        made = http.client.HTTPConnection("127.0.0.1", self.port or 80, timeout=TIMEOUT_SECONDS)
        made.sock = self.connect()
        return made

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body as bytes) of one request on a connection of its own."""
        connection = self.connection()
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()
        finally:
            connection.close()

    def get(self, path, **headers):
        status, _, body = self.request("GET", path, headers=headers)
        return status, json.loads(body)

    def post(self, path, body, headers=None):
        status, _, reply = self.request("POST", path, body, headers)
        return status, json.loads(reply)

    def events(self, path, body):
        """The data of each event of a stream; the last one is "[DONE]" where the protocol ends so."""
        status, headers, reply = self.request("POST", path, {**body, "stream": True})
        assert status == 200, reply
        assert headers["Content-Type"] == "text/event-stream"
        events = []
        for block in reply.decode().split("\n\n"):
            if block:
                assert block.startswith("data: ") and "\n" not in block, block
                events.append(block[len("data: "):])
        return [event if event == "[DONE]" else json.loads(event) for event in events]

    def metric(self, name):
        text = self.request("GET", "/metrics")[2].decode()
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE).group(1))

    def wait_for_metric(self, name, value):
        self.wait_for(name, lambda now: now == value)

    def wait_for(self, name, wanted):
        """Until a metric is as wanted; fails after the harness's time."""
        give_up = threading.Event()
        timer = threading.Timer(TIMEOUT_SECONDS, give_up.set)
        timer.start()
        try:
            while not wanted(self.metric(name)):
                assert not give_up.is_set(), f"{name} is {self.metric(name)}"
        finally:
            timer.cancel()


class ServerTest(SternaTest):
    """Tests that share one server; `flags` and `model` say which."""

    flags = ()
    model = TINY_MODEL

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.flags, model=cls.model)
        cls.addClassCleanup(cls.server.__exit__)

    def check_error(self, reply, status, part=""):
        """A refusal in OpenAI's form."""
        self.assertEqual(reply[0], status, reply[1])
        error = reply[1]["error"]
        self.assertEqual(error["code"], status)
        self.assertIn(part, error["message"])
        return error
