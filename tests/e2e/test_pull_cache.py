# SPDX-License-Identifier: Apache-2.0
"""sterna pull without a network, Hugging Face's cache, listing, removing, and the limit of the cache."""

import unittest

from harness import sterna
from hub_server import COMMIT
from pull_case import BIG, MODEL, PullTest


class Offline(PullTest):
    def test_no_connection_is_opened(self):
        for words, env in ((("--offline",), self.env), ((), self.with_env(HF_HUB_OFFLINE="1"))):
            self.assertIn("offline", self.refused(3, "pull", "o/m", *words, env=env))
            self.assertEqual(self.hub.connections, 0)
        self.pull("o/m")
        before = self.hub.connections
        self.assertGreater(before, 0)
        self.pull("o/m", "--offline")
        self.refused(2, "pull", "o/m", "--offline", "--force")
        self.assertEqual(self.hub.connections, before)

    def test_hugging_faces_cache_is_used_in_place(self):
        link = self.put_in_hub_cache()
        self.assertEqual(self.pull("o/m", "--offline"), link)
        self.assertEqual(self.ok("inspect", "o/m", "--no-load", "--json", env=self.env),
                         self.ok("inspect", link, "--no-load", "--json"))
        self.assertEqual(self.pull("o/m"), link)
        self.assertEqual((self.hub.connections, self.files()), (0, []))
        self.assertIn("never changed", self.refused(3, "pull", "--rm", "o/m"))
        self.assertTrue(link.exists())

    def test_hugging_faces_cache_with_another_version_is_not_used_by_force(self):
        self.put_in_hub_cache(data=MODEL[:-1] + b"!")
        self.assertEqual(self.pull("o/m", "--force").read_bytes(), MODEL)


class CacheKeeping(PullTest):
    def setUp(self):
        super().setUp()
        for name in "abc":
            self.hub.repositories[f"o/{name}"] = {f"{name}.gguf": MODEL + name.encode() * 100_000}

    def listed(self):
        return [model["name"] for model in self.ok_json("pull", "--list", "--json", env=self.env)["models"]]

    def test_list_and_remove(self):
        self.assertEqual(self.ok("pull", "--list", env=self.env), "")
        self.pull("o/a")
        self.pull("o/b")
        self.assertEqual(self.listed(), ["o/a:a.gguf", "o/b:b.gguf"])
        self.assertIn("o/b:b.gguf", self.ok("pull", "--list", env=self.env))
        self.assertEqual(self.ok("pull", "--rm", "o/a", env=self.env), "removed o/a:a.gguf\n")
        self.assertEqual(self.listed(), ["o/b:b.gguf"])
        self.assertFalse((self.cache / "o" / "a").exists())
        self.refused(3, "pull", "--rm", "o/a")
        self.refused(2, "pull", "--rm", "../b")

    def test_under_a_limit_what_was_used_longest_ago_goes(self):
        self.pull("o/a")
        self.pull("o/b")
        self.ok("inspect", "o/a", "--no-load", env=self.env)  # used after b
        self.assertIn(b"removed o/b:b.gguf", self.check_ok(sterna("pull", "o/c", "--cache-limit", 1, env=self.env)).stderr)
        self.assertEqual(self.listed(), ["o/a:a.gguf", "o/c:c.gguf"])
        self.pull("o/b", env=self.with_env(STERNA_CACHE_LIMIT="1"))
        self.assertEqual(self.listed(), ["o/b:b.gguf", "o/c:c.gguf"])

    def test_a_file_above_the_limit_is_refused_before_a_byte(self):
        self.hub.repositories["o/m"]["m-i2_s.gguf"] = BIG
        self.pull("o/a")
        self.assertIn("--cache-limit", self.refused(4, "pull", "o/m", "--cache-limit", 1))
        self.assertEqual(self.listed(), ["o/a:a.gguf"])

    def test_a_file_that_no_disk_holds_is_refused_before_a_byte(self):
        self.hub.listing = {"sha": COMMIT, "siblings": [{"rfilename": "m-i2_s.gguf", "size": 1 << 41}]}
        self.hub.headers = {"Content-Length": str(1 << 41)}
        self.hub.checksums = False
        self.assertIn("free", self.refused(4, "pull", "o/m"))
        self.assertEqual(self.files(), [])

    def test_a_folder_that_cannot_be_made(self):
        (self.folder / "file").write_text("")
        self.refused(1, "pull", "o/m", env=self.with_env(STERNA_CACHE=str(self.folder / "file" / "x")))
        env = self.with_env(STERNA_CACHE="")
        del env["HOME"]
        self.assertIn("STERNA_CACHE", self.refused(1, "pull", "o/m", env=env))


if __name__ == "__main__":
    unittest.main()
