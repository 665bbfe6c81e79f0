# SPDX-License-Identifier: Apache-2.0
"""sterna pull: whole files, names, what is refused, redirects."""

import os
import pty
import shutil
import subprocess
import time
import unittest

from harness import command, sterna
from hub_server import COMMIT, sha256
from pull_case import BIG, MODEL, WAIT_SECONDS, PullTest


class Whole(PullTest):
    def test_a_model_comes_whole_and_runs_by_its_name(self):
        path = self.pull("o/m")
        self.assertEqual(path, self.cache / "o" / "m" / "m-i2_s.gguf")
        self.assertEqual(path.read_bytes(), MODEL)
        self.assertEqual(self.files(), ["o/m/m-i2_s.gguf", "o/m/m-i2_s.gguf.json"])
        by_path = self.ok("run", "-m", path, "-p", "a", "-n", 3, "--raw", "--temp", 0)
        for name in ("o/m", "hf.co/o/m", "o/m:i2_s"):
            self.assertEqual(by_path, self.ok("run", "-m", name, "-p", "a", "-n", 3, "--raw", "--temp", 0, env=self.env))
        self.assertEqual(by_path, self.ok("run", "-p", "a", "-n", 3, "--raw", "--temp", 0,
                                          env=self.with_env(STERNA_MODEL="o/m")))
        self.ok("inspect", "o/m", "--no-load", env=self.env)
        self.ok("convert", "o/m", self.folder / "m.sterna", env=self.env)

    def test_the_second_pull_asks_nobody_and_force_does(self):
        self.pull("o/m")
        before = self.hub.connections
        report = self.ok_json("pull", "o/m", "--json", env=self.env)
        self.assertEqual((report["fetched"], self.hub.connections), (False, before))
        report = self.ok_json("pull", "o/m", "--json", "--force", env=self.env)
        self.assertEqual((report["fetched"], report["sha256"]), (True, sha256(MODEL)))
        self.assertEqual(len(self.hub.file_requests()), 2)

    def test_a_changed_file_replaces_the_one_in_the_cache(self):
        path = self.pull("o/m")
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = BIG
        self.pull("o/m", "--force")
        self.assertEqual(path.read_bytes(), BIG)

    def test_an_existing_path_wins_over_a_name(self):
        self.pull("o/m")
        (self.folder / "o").mkdir()
        (self.folder / "o" / "m").write_bytes(b"no model")
        result = sterna("run", "-m", "o/m", "-p", "a", env=self.env, cwd=self.folder)
        self.assertEqual(result.returncode, 3)

    def test_run_fetches_nothing_and_says_how_to(self):
        for words in (("run", "-p", "a", "-m"), ("inspect",), ("tokenize", "-m")):
            self.assertIn("sterna pull o/m", self.refused(3, *words, "o/m"))
        self.assertNotIn("sterna pull", self.refused(3, "inspect", "o/m.gguf"))
        self.assertEqual(self.hub.connections, 0)

    def test_progress_is_lines_where_no_terminal_is(self):
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = BIG
        stderr = self.check_ok(sterna("pull", "o/m", env=self.env)).stderr.decode()
        self.assertRegex(stderr, r"pull: 100 % of [\d.]+ MB, [\d.]+ MB/s, 0 s left\n")
        self.assertNotIn("\x1b", stderr)

    def test_progress_is_a_bar_on_a_terminal(self):
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = BIG
        outer, inner = pty.openpty()
        self.addCleanup(os.close, outer)
        result = subprocess.run(command("pull", "o/m"), stdout=subprocess.PIPE, stderr=inner, env=self.env,
                                timeout=WAIT_SECONDS, check=True)
        os.close(inner)
        shown = self.read_to_end(outer)
        self.assertEqual(result.stdout.decode().strip(), str(self.cache / "o/m/m-i2_s.gguf"))
        self.assertRegex(shown, r"\r\x1b\[K\[[#-]{24}\] +\d+ % of [\d.]+ MB")
        self.assertTrue(shown.endswith("\r\x1b[K"), "the bar stays on the screen")

    @staticmethod
    def read_to_end(terminal):
        shown = b""
        while True:
            try:
                part = os.read(terminal, 1 << 16)
            except OSError:  # how Linux tells that nobody has the other end any more
                part = b""
            if not part:
                return shown.decode()
            shown += part

    def test_a_proxy_is_used(self):
        env = self.with_env(HF_ENDPOINT="http://hub.invalid", http_proxy=self.hub.address, no_proxy="")
        self.pull("o/m", env=env)
        self.assertEqual({headers["Host"] for _, headers in self.hub.requests}, {"hub.invalid"})


class Names(PullTest):
    def test_of_several_files_the_ternary_one_or_the_named_one(self):
        self.hub.repositories["o/m"] = {"m-f16.gguf": MODEL + b"x", "m-i2_s.gguf": MODEL, "sub dir/m-q8.gguf": MODEL + b"y"}
        self.assertEqual(self.pull("o/m").name, "m-i2_s.gguf")
        self.assertEqual(self.pull("o/m:f16").name, "m-f16.gguf")
        path = self.pull("o/m:sub dir/m-q8.gguf")
        self.assertEqual(path, self.cache / "o" / "m" / "sub dir" / "m-q8.gguf")
        self.assertEqual(path.read_bytes(), MODEL + b"y")

    def test_what_is_not_clear_is_refused_with_the_list(self):
        self.hub.repositories["o/m"] = {"a-i2_s.gguf": MODEL, "b-i2_s.gguf": MODEL}
        line = self.refused(2, "pull", "o/m")
        self.assertIn("a-i2_s.gguf, b-i2_s.gguf", line)
        self.assertIn("it has", self.refused(3, "pull", "o/m:q4"))
        self.assertEqual(self.files(), [])

    def test_names_that_are_none(self):
        for name in ("model", "../x", "o/..", "o/m:../../x", "/etc/passwd", "o/m:", "a/b/c", "http://o/m"):
            with self.subTest(name=name):
                self.refused(2, "pull", name)
        self.refused(2, "pull")
        self.refused(2, "pull", "o/m", "--list")
        self.assertEqual(self.hub.connections, 0)


class Refusals(PullTest):
    def test_a_wrong_checksum(self):
        self.hub.served["m-i2_s.gguf"] = MODEL[:-1] + b"!"
        self.assertIn(sha256(MODEL), self.refused(3, "pull", "o/m"))
        self.assertEqual(self.files(), [])

    def test_a_wrong_size(self):
        for served in (MODEL[:-10], MODEL + b"more"):
            with self.subTest(bytes=len(served)):
                self.hub.served["m-i2_s.gguf"] = served
                self.assertIn(f"{len(MODEL)} bytes", self.refused(3, "pull", "o/m"))
                self.assertEqual(self.files(), [])

    def test_more_than_the_size_without_a_length(self):
        self.hub.served["m-i2_s.gguf"] = MODEL + b"more"
        self.hub.headers = {"Content-Length": None, "Connection": "close"}
        self.assertIn("more than its", self.refused(3, "pull", "o/m"))
        self.assertEqual(self.files(), [])

    def test_a_page_in_place_of_a_model(self):
        self.hub.served["m-i2_s.gguf"] = b"<html>" + bytes(len(MODEL) - 6)
        self.assertIn("no model file", self.refused(3, "pull", "o/m"))
        self.assertEqual(self.files(), [])

    def test_no_access_names_the_token_and_never_shows_it(self):
        self.hub.token = "right"
        self.assertIn("HF_TOKEN", self.refused(1, "pull", "o/m"))
        line = self.refused(1, "pull", "o/m", env=self.with_env(HF_TOKEN="wrong-one"))
        self.assertIn("HF_TOKEN", line)
        self.assertNotIn("wrong-one", line)
        self.pull("o/m", env=self.with_env(HF_TOKEN="right"))

    def test_what_is_not_there(self):
        self.assertIn("o/other", self.refused(3, "pull", "o/other"))
        self.hub.repositories["o/empty"] = {"README.md": b"x"}
        self.assertIn("no model file", self.refused(3, "pull", "o/empty"))
        self.assertEqual(len(self.hub.requests), 2)  # neither is tried again

    def test_busy_servers_are_asked_again_and_not_for_ever(self):
        self.hub.statuses = [(429, {"Retry-After": "1"}), 503]
        start = time.monotonic()
        self.pull("o/m")
        self.assertGreater(time.monotonic() - start, 1.9)  # one second as asked, and one
        self.hub.statuses = [500] * 9
        self.hub.requests.clear()
        self.assertIn("tried 2 times", self.refused(1, "pull", "o/m", "--force", "--retries", 1))
        self.assertEqual(len(self.hub.requests), 2)

    def test_nobody_there(self):
        self.hub.close()
        self.refused(1, "pull", "o/m", "--retries", 0)

    def test_headers_without_end(self):
        self.hub.headers = {f"X-{i}": "x" for i in range(300)}
        self.assertIn("headers without end", self.refused(3, "pull", "o/m"))
        self.hub.headers = {"X": "x" * 20_000}
        self.assertIn("headers without end", self.refused(3, "pull", "o/m"))

    def test_lists_that_are_none(self):
        deep = b'{"siblings":' + b"[" * 100_000
        for listing in (b"", b"<html>", b"[]", {"siblings": 7, "sha": COMMIT}, {"siblings": []}, deep, b'{"a":"\xff"}',
                        {"siblings": [{"rfilename": "a.gguf", "lfs": {"sha256": "../x"}}], "sha": COMMIT},
                        {"siblings": [], "sha": "../../x"}):
            with self.subTest(listing=str(listing)[:40]):
                self.hub.listing = listing
                self.assertIn("the hub's list of files", self.refused(3, "pull", "o/m"))
        self.assertEqual(self.files(), [])

    def test_lists_without_end(self):
        for listing in ({"siblings": [{}] * 20_001, "sha": COMMIT}, b'{"siblings":"' + b"x" * (9 << 20)):
            self.hub.listing = listing
            self.assertIn("is longer than", self.refused(3, "pull", "o/m"))

    def test_file_names_that_would_leave_the_folder(self):
        for name in ("../evil.gguf", "/tmp/evil.gguf", "a/../../evil.gguf", "a\x00.gguf", "..\\evil.gguf", "\x1b[2J.gguf",
                     "a" * 300 + ".gguf"):
            with self.subTest(name=name[:20]):
                self.hub.listing = {"sha": COMMIT, "siblings": [{"rfilename": name, "size": 10}]}
                line = self.refused(3, "pull", "o/m")
                self.assertIn("such a file is not fetched", line)
                self.assertNotIn("\x1b", line)
        self.assertEqual(self.hub.file_requests(), [])
        self.assertEqual([path for path in self.folder.rglob("*evil*")], [])


class Encryption(PullTest):
    @unittest.skipUnless(shutil.which("openssl"), "no openssl to make a certificate with")
    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        certificate, key = self.folder / "certificate.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key,
                        "-out", certificate], check=True, capture_output=True)
        self.hub.encrypt(certificate, key)
        line = self.refused(1, "pull", "o/m", env=self.with_env(HF_ENDPOINT=self.hub.address, HF_TOKEN="secret"))
        self.assertIn("certificate", line)
        self.assertEqual(self.hub.requests, [])


class Redirects(PullTest):
    def test_the_token_stays_with_the_hub(self):
        store = self.new_hub(self.hub.repositories)
        self.hub.redirect_to = store.address
        self.hub.token = "secret"
        self.pull("o/m", env=self.with_env(HF_TOKEN="secret"))
        self.assertEqual([headers.get("Authorization") for _, headers in self.hub.requests], ["Bearer secret"] * 2)
        self.assertEqual(len(store.file_requests()), 1)
        self.assertNotIn("Authorization", store.file_requests()[0])

    def test_goes_on_behind_a_redirect(self):
        store = self.new_hub({"o/m": {"m-i2_s.gguf": BIG}})
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = BIG
        self.hub.redirect_to = store.address
        store.cuts = [1_500_000]
        self.assertEqual(self.pull("o/m").read_bytes(), BIG)
        self.assertEqual(store.file_requests()[-1]["Range"], "bytes=1500000-")

    def test_other_protocols_and_endless_redirects_are_refused(self):
        for target in ("file:///etc/passwd#", "ftp://127.0.0.1", "gopher://127.0.0.1"):
            with self.subTest(target=target):
                self.hub.redirect_to = target
                self.assertIn("no http or https", self.refused(3, "pull", "o/m"))
        self.hub.redirect_to = self.hub.address
        self.assertIn("more than 8 times", self.refused(3, "pull", "o/m"))
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
