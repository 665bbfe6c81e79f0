# SPDX-License-Identifier: Apache-2.0
"""The web page of sterna serve: what is served, how, and to whom."""

import re

from harness import REPOSITORY, SternaTest, environment
from server_case import Server, ServerTest

FILES = sorted(path.name for path in (REPOSITORY / "src/server/page").iterdir())
TYPES = {"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
         "svg": "image/svg+xml"}


def path_of(name):
    return "/" if name == "index.html" else "/page/" + name


class ServePageTest(ServerTest):
    def test_every_file_comes_as_it_is(self):
        for name in FILES:
            status, headers, body = self.server.request("GET", path_of(name))
            self.assertEqual(status, 200, name)
            self.assertEqual(headers["Content-Type"], TYPES[name.rsplit(".", 1)[1]])
            self.assertEqual(body, (REPOSITORY / "src/server/page" / name).read_bytes())

    def test_browsers_are_told_to_trust_nobody_else(self):
        headers = self.server.request("GET", "/")[1]
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        self.assertEqual(policy["default-src"], "'none'")
        self.assertEqual(policy["frame-ancestors"], "'none'")
        self.assertEqual({policy[name] for name in ("script-src", "style-src", "connect-src")}, {"'self'"})
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["Referrer-Policy"], "no-referrer")

    def test_head_has_no_body(self):
        status, headers, body = self.server.request("HEAD", "/")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(headers["Content-Length"]), 1000)
        self.check_error(self.server.post("/", {}), 405, "wants GET")

    def test_what_a_browser_has_is_not_sent_again(self):
        etag = self.server.request("GET", "/")[1]["ETag"]
        status, headers, body = self.server.request("GET", "/", headers={"If-None-Match": etag})
        self.assertEqual((status, body), (304, b""))
        self.assertEqual(headers["ETag"], etag)
        self.assertIsNone(headers["Content-Length"])

    def test_the_page_itself_may_ask_and_others_may_not(self):
        own = {"Host": f"127.0.0.1:{self.server.port}", "Origin": f"http://127.0.0.1:{self.server.port}"}
        self.assertEqual(self.server.request("POST", "/tokenize", {"content": "a"}, own)[0], 200)
        own["Origin"] = "http://example.org"
        self.assertEqual(self.server.request("POST", "/tokenize", {"content": "a"}, own)[0], 403)

    def test_no_file_names_another_host_or_writes_markup(self):
        for name in FILES:
            text = (REPOSITORY / "src/server/page" / name).read_text()
            hosts = set(re.findall(r"https?://([^\s\"'/]+)", text))
            self.assertLessEqual(hosts, {"www.w3.org"}, name)  # the name of SVG; nobody asks for it
            self.assertNotRegex(text, r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", name)
            self.assertNotRegex(text, r"\son[a-z]+=|\sstyle=|javascript:", name)


class ServePageAccessTest(SternaTest):
    def test_the_page_needs_no_key_and_its_questions_do(self):
        with Server(env=environment(STERNA_API_KEY="secret")) as server:
            self.assertEqual(server.request("GET", "/")[0], 200)
            self.assertEqual(server.request("GET", "/page/main.js")[0], 200)
            self.assertEqual(server.request("GET", "/props")[0], 401)

    def test_no_page_leaves_the_api(self):
        with Server("--no-page") as server:
            self.assertEqual(server.request("GET", "/")[0], 404)
            self.assertEqual(server.request("GET", "/page/main.js")[0], 404)
            self.assertEqual(server.request("GET", "/health")[0], 200)
