# SPDX-License-Identifier: Apache-2.0
"""A hub on 127.0.0.1 that speaks the paths which sterna pull uses, and misbehaves on demand. Standard library only."""

import hashlib
import http.server
import json
import re
import ssl
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories are {"owner/model": {"file": bytes}}. What a test changes is told beside each attribute."""

    def __init__(self, repositories):
        self.repositories = repositories
        self.requests = []        # (path, headers) of every request
        self.connections = 0
        self.statuses = []        # answers to give before good ones, to any path: 429, (503, {"Retry-After": "1"})
        self.cuts = []            # break the connection after so many bytes of a body, one entry a request for a file
        self.redirect_to = None   # files come from this address instead
        self.token = None         # what Authorization must carry
        self.listing = None       # replaces the list of files
        self.checksums = True     # whether the list and the headers say checksums
        self.served = {}          # replaces the bytes of a file that are sent
        self.headers = {}         # more headers with a file; they win
        self.ignore_ranges = False
        self.hold_after = None    # send so many bytes of a file, set `holding`, and wait for `release`
        self.holding, self.release = threading.Event(), threading.Event()
        hub = self

        class Handler(_Handler):
            def __init__(self, *arguments):
                self.hub = hub
                super().__init__(*arguments)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def process_request(self, request, address):
                hub.connections += 1
                super().process_request(request, address)

            def handle_error(self, request, address):
                pass  # a client that went away

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def encrypt(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self.port}"

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    def file_requests(self):
        """The headers of each request for a file's bytes."""
        return [headers for path, headers in self.requests if "/resolve/" in path or "/blob/" in path]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)  # through a proxy the whole address stands here
        self.hub.requests.append((url.path, dict(self.headers)))
        if self.hub.statuses:
            status = self.hub.statuses.pop(0)
            code, headers = status if isinstance(status, tuple) else (status, {})
            return self.answer(code, b"no", headers)
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            return self.answer(401, b"{}")
        if match := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/main", url.path):
            return self.answer_listing(match[1])
        if match := re.fullmatch(r"/([^/]+/[^/]+)/(?:resolve|blob)/([^/]+)/(.+)", url.path):
            return self.answer_file(match[1], match[2], urllib.parse.unquote(match[3]), url.path)
        return self.answer(404, b"")

    def answer(self, code, body, headers=None):
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def answer_listing(self, repo):
        files = self.hub.repositories.get(repo)
        if self.hub.listing is not None:
            body = self.hub.listing if isinstance(self.hub.listing, bytes) else json.dumps(self.hub.listing).encode()
            return self.answer(200, body)
        if files is None:
            return self.answer(404, b"{}")
        siblings = [{"rfilename": name, "size": len(data)} for name, data in files.items()]
        if self.hub.checksums:
            for sibling in siblings:
                data = files[sibling["rfilename"]]
                sibling["lfs"] = {"sha256": sha256(data), "size": len(data), "pointerSize": 130}
        return self.answer(200, json.dumps({"id": repo, "sha": COMMIT, "siblings": siblings}).encode())

    def answer_file(self, repo, commit, name, path):
        data = self.hub.repositories.get(repo, {}).get(name)
        if data is None or commit != COMMIT:
            return self.answer(404, b"")
        linked = {"X-Linked-Etag": f'"{sha256(data)}"', "X-Linked-Size": str(len(data))} if self.hub.checksums else {}
        if self.hub.redirect_to:
            location = self.hub.redirect_to + path.replace("/resolve/", "/blob/")
            return self.answer(302, b"Found", {"Location": location, **linked})
        return self.send_file(self.hub.served.get(name, data), linked)

    def send_file(self, data, headers):
        headers = {"ETag": f'"etag-{sha256(data)[:8]}"', **headers}
        first = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        same = self.headers.get("If-Range", headers["ETag"]) == headers["ETag"]
        if wanted and same and not self.hub.ignore_ranges:
            first = int(wanted[1])
            if first >= len(data):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
            headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        headers["Content-Length"] = str(len(data) - first)
        self.send_response(206 if "Content-Range" in headers else 200)
        for name, value in {**headers, **self.hub.headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        return self.send_body(data[first:])

    def send_body(self, body):
        if self.hub.hold_after is not None:
            self.wfile.write(body[:self.hub.hold_after])
            self.wfile.flush()
            body = body[self.hub.hold_after:]
            self.hub.holding.set()
            self.hub.release.wait(60)
        cut = self.hub.cuts.pop(0) if self.hub.cuts else None
        self.wfile.write(body[:cut])
        if cut is not None or "Content-Length" in self.hub.headers or None in self.hub.headers.values():
            self.close_connection = True
