# SPDX-License-Identifier: Apache-2.0
"""sterna serve --instances: several processes behind one address."""

import json
import os
import pathlib
import re
import signal
import tempfile
import unittest

from harness import TIMEOUT_SECONDS, SternaTest, environment, sterna
from server_case import Server
from tls_case import TlsServer, TlsTest
from test_serve_lifetime import CONTEXT, ENDLESS, SHORT, begin, rest

TWO = ("--instances", "2", *CONTEXT)
LONG = {**ENDLESS, "n_predict": 2000}
NEEDS_CPUS = unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "two instances need two CPUs")


def status_field(process, name):
    text = pathlib.Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return re.search(rf"^{name}:\s*(.*)$", text, re.MULTILINE).group(1)


def instances_of(server):
    """The processes of the instances, in the order of their numbers."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int(status_field(folder.name, "PPid")) == server.process.pid:
                role = (folder / "cmdline").read_bytes().split(b"\0")[-2]
                found[int(role.split(b"/")[0])] = int(folder.name)
        except (OSError, AttributeError, IndexError, ValueError):
            pass  # it ended while we looked
    return [found[i] for i in sorted(found)]


def cpus(process):
    """Of a process: {0, 1, 2} for "0-1,2"."""
    numbers = set()
    for part in status_field(process, "Cpus_allowed_list").split(","):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def asked(server):
    """How many requests each instance got."""
    return [server.metric(f'sterna_instance_requests_total{{instance="{i}"}}') for i in range(2)]


def begin_on_each(server, body):
    """One stream on each instance, and the processes of these, which are stopped so that nothing ends by itself."""
    processes = instances_of(server)
    streams = [begin(server, body) for _ in processes]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    return streams, processes


def events_of(reply):
    lines = [line for line in reply.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line[len("data: "):]) for line in lines]


@NEEDS_CPUS
class TwoInstancesTest(SternaTest):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(*TWO)
        cls.addClassCleanup(cls.server.__exit__)

    def test_answers_are_those_of_one(self):
        with Server(*CONTEXT) as alone:
            for seed in range(6):
                body = {"prompt": f"{seed} words", "n_predict": 12, "seed": seed, "temperature": 0.9}
                one, many = alone.post("/completion", body), self.server.post("/completion", body)
                self.assertEqual((many[0], many[1]["content"]), (200, one[1]["content"]))
            body = {"prompt": "a", "n_predict": 12, "ignore_eos": True}
            texts = [[event.get("content") for event in server.events("/completion", body)] for server in (alone, self.server)]
            self.assertEqual(*texts)
            for path in ("/v1/models", "/openapi.json", "/nowhere"):
                self.assertEqual(alone.get(path)[0], self.server.get(path)[0])

    def test_each_has_cores_of_its_own(self):
        first, second = map(cpus, instances_of(self.server))
        self.assertTrue(first and second)
        self.assertEqual(first & second, set())
        self.assertLessEqual(first | second, os.sched_getaffinity(0))

    def test_requests_are_spread_and_a_conversation_stays(self):
        before = asked(self.server)
        for i in range(6):
            self.server.post("/completion", {**SHORT, "prompt": f"{i}"})
        spread = [now - was for now, was in zip(asked(self.server), before)]
        self.assertEqual(spread, [3, 3])
        before, prompt = asked(self.server), "tell me more about it. " * 12
        for _ in range(5):
            self.server.post("/completion", {**SHORT, "prompt": prompt})
            prompt += "and then? " * 14
        self.assertEqual(sorted(now - was for now, was in zip(asked(self.server), before)), [0, 5])

    def test_what_it_says_of_itself_is_of_both(self):
        self.assertEqual(self.server.get("/health"), (200, {"status": "ok"}))
        self.assertEqual(self.server.get("/ready"), (200, {"status": "ready"}))
        status, slots = self.server.get("/slots")
        self.assertEqual([slot["id"] for slot in slots], list(range(2 * 64)))
        self.assertEqual({slot["instance"] for slot in slots}, {0, 1})
        self.assertEqual(self.server.get("/props")[1]["total_slots"], 2 * 64)
        before = self.server.metric("sterna_answers_total")
        for i in range(2):
            self.server.post("/completion", {**SHORT, "prompt": f"{i}"})
        self.assertEqual(self.server.metric("sterna_answers_total"), before + 2)
        text = self.server.request("GET", "/metrics")[2].decode()
        self.assertEqual(text.count("# TYPE sterna_http_replies_total counter\n"), 1)
        for i in range(2):
            self.assertIn(f'\nsterna_health{{instance="{i}"}} 0\n', text)

    def test_limits_and_headers_are_as_with_one(self):
        status, headers, body = self.server.request("POST", "/completion", SHORT, {"X-Request-Id": "mine"})
        self.assertEqual((status, headers["X-Request-Id"]), (200, "mine"))
        self.assertEqual(self.server.request("HEAD", "/health")[0::2], (200, b""))
        self.assertEqual(self.server.request("GET", "/health", headers={"Origin": "http://evil.example"})[0], 403)
        self.assertEqual(self.server.request("POST", "/completion", b" " * (5 << 20))[0], 413)
        self.assertEqual(self.server.request("GET", "/health", headers={"X-Long": "x" * (17 << 10)})[0], 431)
        self.assertEqual(self.server.request("POST", "/completion", b"{")[0], 400)

    def test_a_client_that_leaves_ends_its_request(self):
        before = self.server.metric("sterna_abandoned_total")
        begin(self.server, ENDLESS)[0].close()
        self.server.wait_for_metric("sterna_abandoned_total", before + 1)
        self.server.wait_for_metric("llamacpp:requests_processing", 0)


@NEEDS_CPUS
class EndsTest(SternaTest):
    def test_the_death_of_an_instance_costs_its_streams_alone(self):
        with Server(*TWO) as server:
            whole = len(events_of(rest(*begin(server, LONG))))
            streams, (victim, other) = begin_on_each(server, LONG)
            waiting = [server.connection() for _ in range(4)]
            for connection in waiting:
                connection.request("POST", "/completion", json.dumps(SHORT))
            os.kill(victim, signal.SIGKILL)
            os.kill(other, signal.SIGCONT)
            ended = [events_of(rest(*stream)) for stream in streams]
            cut = [events for events in ended if "error" in events[-1]]
            self.assertEqual(len(cut), 1, [len(events) for events in ended])
            self.assertEqual(cut[0][-1]["error"]["code"], 503)
            self.assertEqual([len(events) for events in ended if "error" not in events[-1]], [whole])
            for connection in waiting:  # what had not been answered in part is answered by the other
                self.assertEqual(connection.getresponse().status, 200)
                connection.close()
            server.wait_for_metric('sterna_instance_up{instance="0"}', 1)
            self.assertEqual(server.metric('sterna_instance_restarts_total{instance="0"}'), 1)
            self.assertNotEqual(instances_of(server)[0], victim)
            self.assertTrue(any("instance 0 ended: signal 9 (Killed)" in line for line in server.lines), server.lines)
            self.assertEqual(server.get("/health"), (200, {"status": "ok"}))

    def test_without_any_instance_clients_are_asked_to_come_again(self):
        with Server(*TWO) as server:
            for process in instances_of(server):
                os.kill(process, signal.SIGSTOP)
                os.kill(process, signal.SIGKILL)
            server.wait_for('sterna_instance_restarts_total{instance="1"}', lambda now: now >= 1)
            status, headers, body = server.request("POST", "/completion", SHORT)
            if status != 200:  # unless one was quick
                self.assertEqual((status, headers["Retry-After"]), (503, "1"), body)
            server.wait_for_metric('sterna_instance_up{instance="1"}', 1)
            self.assertEqual(server.post("/completion", SHORT)[0], 200)

    def test_sigterm_lets_accepted_requests_finish(self):
        with Server(*TWO) as server:
            alone = rest(*begin(server, LONG)).count(b"data: ")
            streams, processes = begin_on_each(server, LONG)
            server.process.send_signal(signal.SIGTERM)
            for process in processes:
                os.kill(process, signal.SIGCONT)
            for plain, said in streams:
                self.assertEqual(rest(plain, said).count(b"data: "), alone)
            self.assertEqual(server.process.wait(TIMEOUT_SECONDS), 0)
            for process in processes:
                self.assertFalse(pathlib.Path(f"/proc/{process}").exists())

    def test_a_second_signal_ends_at_once_and_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            with Server(*TWO, env=environment(TMPDIR=folder)) as server:
                self.assertEqual(len(os.listdir(folder)), 1)
                plain, _ = begin(server, ENDLESS)
                server.process.send_signal(signal.SIGINT)
                with self.assertRaises(OSError):
                    while True:
                        server.connect().close()
                server.process.send_signal(signal.SIGINT)
                self.assertEqual(server.process.wait(TIMEOUT_SECONDS), 130)
                plain.close()
            self.assertEqual(os.listdir(folder), [])

    def test_instances_end_with_the_process_that_routes(self):
        with Server(*TWO) as server:
            processes = instances_of(server)
            server.process.kill()
            server.process.wait()
            for process in processes:
                while pathlib.Path(f"/proc/{process}/cmdline").exists() and status_field(process, "State")[0] != "Z":
                    pass


@NEEDS_CPUS
class SettingsTest(SternaTest):
    def test_a_model_that_cannot_be_read_is_said_once(self):
        self.assertIn("/nonexistent.gguf", self.fails(3, "serve", "--port", "0", "--instances", "2", "-m", "/nonexistent.gguf"))

    def test_more_instances_than_cores_are_refused(self):
        self.assertIn("instances cannot share", self.fails(2, "serve", "--port", "0", "--instances", "256"))

    def test_a_memory_limit_is_shared_out(self):
        line = self.fails(2, "serve", "--port", "0", "--instances", "2", "--memory-limit", "1")
        self.assertIn("1 MB are too little for 2 instances", line)
        line = self.fails(4, "serve", "--port", "0", "--instances", "2", "--memory-limit", "3")
        self.assertRegex(line, r"\b1(\.0)? MB")

    def test_sighup_is_passed_on(self):
        with tempfile.TemporaryDirectory() as folder:
            keys, log = pathlib.Path(folder) / "keys", pathlib.Path(folder) / "log"
            keys.write_text("old\n", encoding="ascii")

            def status(server, key):
                return server.request("POST", "/completion", SHORT, {"X-Api-Key": key})[0]

            with Server(*TWO, "--api-key-file", keys, "--access-log", log) as server:
                self.assertEqual((status(server, "old"), status(server, "new")), (200, 401))
                server.request("GET", "/slots", headers={"X-Api-Key": "old"})
                lines = [json.loads(line) for line in log.read_text().splitlines()]
                self.assertEqual([(line["path"], line["status"], line["peer"]) for line in lines],
                                 [("/completion", 200, "127.0.0.1"), ("/completion", 401, "127.0.0.1"),
                                  ("/slots", 200, "127.0.0.1")])
                keys.write_text("new\n", encoding="ascii")
                server.process.send_signal(signal.SIGHUP)
                for _ in range(2):  # once for each instance
                    while status(server, "new") != 200:
                        pass
                self.assertEqual(status(server, "old"), 401)

    def test_a_role_by_hand_is_refused(self):
        self.assertIn("--instances", self.fails(2, "serve", "--as-instance", "x"))
        self.assertNotIn(b"as-instance", sterna("serve", "--help").stdout)


@NEEDS_CPUS
class EncryptedInstancesTest(TlsTest):
    def test_tls_ends_where_requests_are_routed(self):
        with TlsServer(self.certificate, *TWO) as server:
            self.assertEqual(server.get("/health"), (200, {"status": "ok"}))
            for i in range(2):
                self.assertEqual(server.post("/completion", {**SHORT, "prompt": f"{i}"})[0], 200)
            self.assertEqual(asked(server), [1, 1])


if __name__ == "__main__":
    unittest.main()
