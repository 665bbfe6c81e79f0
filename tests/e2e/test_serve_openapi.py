# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of sterna serve, and requests made of it where schemathesis is (pip install schemathesis)."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

from harness import REPOSITORY
from server_case import ServerTest

RUN_SECONDS = 240


class ServeOpenApiTest(ServerTest):
    flags = ("-c", "256")

    def test_the_document_is_served(self):
        status, document = self.server.get("/openapi.json")
        self.assertEqual(status, 200)
        self.assertTrue(document["openapi"].startswith("3.1"))
        self.assertIn("/v1/chat/completions", document["paths"])

    @unittest.skipIf(importlib.util.find_spec("schemathesis") is None, "schemathesis is not installed")
    def test_whatever_it_allows_and_forbids_is_answered(self):
        with tempfile.TemporaryDirectory() as folder:  # which it leaves a cache in
            run = subprocess.run([REPOSITORY / "tools" / "check_openapi.sh", f"http://127.0.0.1:{self.server.port}", "5"],
                                 env={**os.environ, "PYTHON": sys.executable}, capture_output=True, text=True,
                                 timeout=RUN_SECONDS, check=False, cwd=folder)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(self.server.get("/health")[0], 200)


if __name__ == "__main__":
    unittest.main()
