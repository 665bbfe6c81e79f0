# SPDX-License-Identifier: Apache-2.0
"""The files in deploy/: the tools that read them find them right, and they name what the server has."""

import concurrent.futures
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import REPOSITORY, TIMEOUT_SECONDS
from server_case import Server, ServerTest

DEPLOY = REPOSITORY / "deploy"
OF_PROMETHEUS = {"up"}


def metrics_in(expression):
    """The metric names of a PromQL expression."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)", "", expression)
    return set(re.findall(r"[a-zA-Z_][\w:]*(?![\w:]|\s*\()", bare))  # not what stands before (: functions


class MetricNamesTest(ServerTest):
    def printed(self):
        text = self.server.request("GET", "/metrics")[2].decode()
        return set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))

    def test_the_dashboard_shows_what_there_is(self):
        dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 8)
        for expression in expressions:
            self.assertTrue(metrics_in(expression), expression)
            self.assertLessEqual(metrics_in(expression), self.printed(), expression)

    def test_the_alerts_watch_what_there_is(self):
        expressions = re.findall(r"^\s+expr: (.*)$", (DEPLOY / "alerts.yml").read_text(), re.MULTILINE)
        self.assertGreater(len(expressions), 3)
        for expression in expressions:
            self.assertTrue(metrics_in(expression), expression)
            self.assertLessEqual(metrics_in(expression), self.printed() | OF_PROMETHEUS, expression)


class ToolsTest(unittest.TestCase):
    def check(self, *words, **options):
        if not shutil.which(words[0]):
            self.skipTest(f"{words[0]} is not installed")
        done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_promtool_takes_the_configuration_and_the_alerts(self):
        self.check("promtool", "check", "config", DEPLOY / "prometheus.yml")

    def test_systemd_takes_the_unit(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = os.path.join(folder, "sterna.service")
            text = (DEPLOY / "sterna.service").read_text().replace("/usr/bin/sterna", "/bin/true")
            with open(unit, "w", encoding="utf-8") as file:
                file.write(text)
            self.check("systemd-analyze", "verify", "--man=no", unit)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


@unittest.skipIf(shutil.which("haproxy") is None, "haproxy is not installed")
class ProxyTest(unittest.TestCase):
    """Two servers behind HAProxy; one of them ends while clients ask."""

    def start_proxy(self, port, *servers):
        addresses = {name: f"127.0.0.1:{one.port}" for name, one in zip(("STERNA_ONE", "STERNA_TWO"), servers)}
        proxy = subprocess.Popen(["haproxy", "-db", "-f", DEPLOY / "haproxy.cfg"], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL,
                                 env={**os.environ, "STERNA_LISTEN": f"127.0.0.1:{port}", **addresses})
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.kill)
        give_up = threading.Event()
        timer = threading.Timer(TIMEOUT_SECONDS, give_up.set)
        timer.start()
        self.addCleanup(timer.cancel)
        while proxy.poll() is None and not give_up.is_set():
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                continue
        self.fail("haproxy did not start")

    @staticmethod
    def ask(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        connection.request("POST", "/v1/completions", json.dumps({"prompt": "a", "max_tokens": 8, "temperature": 0}))
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        return reply.status, json.loads(body)["choices"][0]["text"]

    def test_no_request_is_lost_when_a_server_ends(self):
        port = free_port()
        with Server() as one, Server() as two:
            self.start_proxy(port, one, two)
            expected = self.ask(port)
            self.assertEqual(expected[0], 200)
            with concurrent.futures.ThreadPoolExecutor(4) as clients:
                asked = [clients.submit(self.ask, port) for _ in range(60)]
                asked[10].result()
                one.process.terminate()
                answers = [one.result() for one in asked]
            self.assertEqual(answers, [expected] * 60)
            self.assertEqual(one.process.wait(TIMEOUT_SECONDS), 0)
            self.assertGreater(two.metric("sterna_answers_total"), 0)
