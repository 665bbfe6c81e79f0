# SPDX-License-Identifier: Apache-2.0
"""What the tests of sterna pull share: a hub on this machine and an empty cache."""

import pathlib
import tempfile

from harness import TINY_MODEL, SternaTest, environment, sterna
from hub_server import COMMIT, Hub, sha256

MODEL = pathlib.Path(TINY_MODEL).read_bytes()
BIG = MODEL + bytes(range(256)) * 4096 * 4  # 4 MB more: what comes in pieces
WAIT_SECONDS = 60


class PullTest(SternaTest):
    """A hub, an empty cache, and an environment that leads nowhere else."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.cache = self.folder / "cache"
        self.hub = self.new_hub({"o/m": {"README.md": b"# m", "m-i2_s.gguf": MODEL}})
        self.env = environment(HOME=str(self.folder), HF_ENDPOINT=self.hub.address, STERNA_CACHE=str(self.cache),
                               no_proxy="*")
        for name in ("HF_TOKEN", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "XDG_CACHE_HOME"):
            self.env.pop(name, None)

    def new_hub(self, repositories):
        hub = Hub(repositories)
        self.addCleanup(hub.close)
        return hub

    def with_env(self, **extra):
        return {**self.env, **extra}

    def pull(self, *words, **options):
        """Pulls and returns the path that was printed."""
        return pathlib.Path(self.ok("pull", *words, **{"env": self.env, **options}).strip())

    def refused(self, code, *words, env=None):
        """Runs, expects this exit code and nothing on stdout, and returns the last line, which is the error."""
        result = sterna(*words, env=env or self.env)
        stderr = result.stderr.decode(errors="replace")
        self.assertEqual((result.returncode, result.stdout), (code, b""), stderr)
        line = stderr.splitlines()[-1]
        self.assertTrue(line.startswith("sterna: error: "), stderr)
        self.assertIn("; ", line)
        return line

    def files(self):
        """Everything in the cache but its locks, relative to it."""
        paths = [path.relative_to(self.cache) for path in self.cache.rglob("*") if path.is_file()]
        return sorted(str(path) for path in paths if path.parts[0] != ".locks")

    def put_in_hub_cache(self, data=MODEL, blob=None):
        repo = self.folder / ".cache" / "huggingface" / "hub" / "models--o--m"
        for part in ("blobs", "refs", f"snapshots/{COMMIT}"):
            (repo / part).mkdir(parents=True)
        (repo / "blobs" / (blob or sha256(data))).write_bytes(data)
        (repo / "refs" / "main").write_text(COMMIT)
        link = repo / "snapshots" / COMMIT / "m-i2_s.gguf"
        link.symlink_to(f"../../blobs/{blob or sha256(data)}")
        return link
