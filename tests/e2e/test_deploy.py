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
    def run_tool(self, *words, **options):
        if not shutil.which(words[0]):
            self.skipTest(f"{words[0]} is not installed")
        return subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, **options)

    def check(self, *words, **options):
        done = self.run_tool(*words, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_promtool_takes_the_configuration_and_the_alerts(self):
        self.check("promtool", "check", "config", DEPLOY / "prometheus.yml")
        self.assertRegex(self.check("promtool", "check", "rules", DEPLOY / "alerts.yml"), r"SUCCESS: [1-9]\d* rules found")

    def test_promtool_takes_the_metrics(self):
        with Server() as server:
            server.post("/completion", {"prompt": "a", "n_predict": 3})
            text = server.request("GET", "/metrics")[2].decode()
        checked = self.run_tool("promtool", "check", "metrics", input=text)
        remarks = [line for line in checked.stderr.splitlines() if line]
        # llama-server's names are what they are; Sterna's own are as they should be.
        self.assertEqual([remark for remark in remarks if not remark.startswith("llamacpp:")], [])
        self.assertEqual(checked.returncode, 3 if remarks else 0, checked.stdout)  # 1: promtool cannot read it

    def test_systemd_takes_the_unit(self):
        with tempfile.TemporaryDirectory() as folder:
            unit = os.path.join(folder, "sterna.service")
            text = (DEPLOY / "sterna.service").read_text().replace("/usr/bin/sterna", "/bin/true")
            with open(unit, "w", encoding="utf-8") as file:
                file.write(text)
            self.check("systemd-analyze", "verify", "--man=no", unit)


class DockerfileTest(unittest.TestCase):
    """What linters ask of the Dockerfile, and that it names what there is. Building it needs a network: by hand."""

    def setUp(self):
        text = re.sub(r"\\\n", " ", (DEPLOY / "Dockerfile").read_text())
        lines = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
        begins = [index for index, words in enumerate(lines) if words[0] == "FROM"]
        self.assertEqual(begins[0], 0)
        self.stages = [lines[begin:end] for begin, end in zip(begins, begins[1:] + [len(lines)])]

    @staticmethod
    def all_of(stage, instruction):
        return [rest for name, rest in stage if name == instruction]

    def test_stages_begin_with_a_release_and_copy_what_there_is(self):
        named = set()
        for stage in self.stages:
            image, *name = self.all_of(stage, "FROM")[0].split(" AS ")
            self.assertRegex(image, r"^[\w./-]+:(?!latest)[\w.-]+$")
            named.update(name)
            for copy in self.all_of(stage, "COPY"):
                source = copy.split()[-2]
                if "--from=" in copy:
                    self.assertIn(re.search(r"--from=(\S+)", copy).group(1), named)
                else:
                    self.assertTrue((REPOSITORY / source).exists(), copy)

    def test_packages_leave_no_lists_behind(self):
        for stage in self.stages:
            for command in self.all_of(stage, "RUN"):
                if "apt-get install" in command:
                    self.assertIn("--no-install-recommends", command)
                if "apt-get" in command or "bootstrap.sh" in command:
                    self.assertIn("rm -rf", command)
                    self.assertIn("/var/lib/apt/lists/*", command)
                self.assertNotRegex(command, r"apt-get upgrade|\bsudo\b|(?<!&)&(?!&)|;|\|")

    def test_what_runs_is_watched_and_is_not_root(self):
        last = self.stages[-1]
        users = self.all_of(last, "USER")
        self.assertTrue(users and users[-1] not in ("root", "0"), users)
        self.assertLess(last.index(["USER", users[-1]]), [name for name, _ in last].index("ENTRYPOINT"))
        health = self.all_of(last, "HEALTHCHECK")[0].split("CMD", 1)[1]
        self.assertIn("/health", json.loads(health)[-1])
        words = json.loads(self.all_of(last, "ENTRYPOINT")[0]) + json.loads(self.all_of(last, "CMD")[0])
        self.assertEqual(words[:2], ["sterna", "serve"])
        port = words[words.index("--port") + 1]
        self.assertEqual(self.all_of(last, "EXPOSE"), [port])
        self.assertIn(f":{port}/", health)

    def test_its_presets_and_groups_are_there(self):
        commands = " ".join(self.all_of(self.stages[0], "RUN"))
        presets = {one["name"] for one in json.loads((REPOSITORY / "CMakePresets.json").read_text())["configurePresets"]}
        self.assertLessEqual(set(re.findall(r"--preset (\S+)", commands)), presets)
        bootstrap = (REPOSITORY / "tools" / "bootstrap.sh").read_text()
        for group in re.search(r"bootstrap\.sh ([\w -]+?) *&&", commands).group(1).split():
            self.assertIn(f"\n    {group}) ", bootstrap)


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
