# SPDX-License-Identifier: Apache-2.0
"""The example that asks a running server; tests/compile runs those that link the library."""

import subprocess
import sys
import unittest

from harness import BUILT_IN_MODEL, REPOSITORY
from server_case import ServerTest

CLIENT = REPOSITORY / "examples" / "api_client.py"


def ask(*words):
    return subprocess.run([sys.executable, "-B", str(CLIENT), *words], capture_output=True, text=True, timeout=120,
                          check=False)


class ApiClient(ServerTest):
    model = BUILT_IN_MODEL

    def test_prints_the_answer(self):
        done = ask("What is a sparrow?", "--url", f"http://127.0.0.1:{self.server.port}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, self.ok("run", "-p", "What is a sparrow?", "--temp", "0"))

    def test_says_what_the_server_refuses(self):
        done = ask("x", "--temperature", "9", "--url", f"http://127.0.0.1:{self.server.port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("400: 'temperature'", done.stderr)

    def test_says_that_nobody_is_there(self):
        done = ask("x", "--url", "http://127.0.0.1:9")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Connection refused", done.stderr)


if __name__ == "__main__":
    unittest.main()
