# SPDX-License-Identifier: Apache-2.0
"""sterna serve over TLS: clients, what goes wrong while keys are agreed on, certificates that change."""

import json
import signal
import ssl
import subprocess
import unittest

from harness import TIMEOUT_SECONDS
from server_case import Server
from tls_case import RSA, Certificate, TlsServer, TlsTest

SHORT = {"prompt": "a", "n_predict": 8, "ignore_eos": True, "temperature": 0}
ENDLESS = {"prompt": "a", "n_predict": -1, "ignore_eos": True}


def post(body, *headers):
    data = json.dumps(body).encode()
    lines = ["POST /completion HTTP/1.1", "Host: localhost", f"Content-Length: {len(data)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + data


def rest(connection):
    said = b""
    with connection:
        while piece := connection.recv(65536):
            said += piece
    return said


def end_of(plain):
    """Waits until the server closes; what it said before does not matter."""
    with plain:
        try:
            while plain.recv(65536):
                pass
        except ConnectionResetError:
            pass


def hello(context):
    """A client's first message."""
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise AssertionError("a handshake without a server")


class ClientsTest(TlsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = TlsServer(cls.certificate, "--ctx", "4096")
        cls.addClassCleanup(cls.server.__exit__)

    def test_answers_are_those_of_plain_http(self):
        with Server() as plain:
            expected = plain.post("/completion", SHORT)[1]["content"]
        self.assertEqual(self.server.post("/completion", SHORT)[1]["content"], expected)
        self.assertEqual("".join(event["content"] for event in self.server.events("/completion", SHORT)), expected)

    def test_requests_follow_each_other_on_one_connection(self):
        connection = self.server.connection()
        for _ in range(3):
            for path, body in (("/health", None), ("/completion", json.dumps(SHORT))):
                connection.request("GET" if body is None else "POST", path, body)
                reply = connection.getresponse()
                reply.read()
                self.assertEqual(reply.status, 200)
        connection.close()

    def test_a_request_that_comes_while_another_is_answered_waits_its_turn(self):
        with Server("--ctx", "4096") as plain:
            for server in (plain, self.server):
                connection = server.connect()
                connection.sendall(post({**ENDLESS, "n_predict": 300}))
                server.wait_for_metric("llamacpp:requests_processing", 1)
                connection.sendall(post({**SHORT, "prompt": "a" * 9000}, "Connection: close"))
                self.assertEqual(rest(connection).count(b"HTTP/1.1 "), 2)

    def test_the_end_of_a_reply_is_told_in_tls(self):
        connection = self.server.connect()  # an end that is not would be an error here
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        self.assertTrue(rest(connection).endswith(b'{"status":"ok"}'))

    def test_a_client_that_says_goodbye_ends_its_request(self):
        abandoned = self.server.metric("sterna_abandoned_total")
        connection = self.server.connect()
        connection.sendall(post(ENDLESS))
        self.server.wait_for_metric("llamacpp:requests_processing", 1)
        connection.settimeout(0)
        with self.assertRaises(ssl.SSLWantReadError):
            connection.unwrap()  # its goodbye is sent; nobody waits for another
        self.server.wait_for("sterna_abandoned_total", lambda count: count > abandoned)
        connection.close()

    def test_old_versions_are_refused(self):
        context = self.certificate.trusting()
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with self.server.plain() as plain, self.assertRaisesRegex(ssl.SSLError, "PROTOCOL_VERSION"):
            context.wrap_socket(plain, server_hostname="localhost")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with context.wrap_socket(self.server.plain(), server_hostname="localhost") as connection:
            self.assertEqual(connection.version(), "TLSv1.2")

    def test_sigterm_lets_a_stream_end(self):
        with TlsServer(self.certificate, "--ctx", "4096") as server:
            connection = server.connect()
            connection.sendall(post({**ENDLESS, "n_predict": 300, "stream": True}, "Connection: close"))
            said = b""
            while b"data: " not in said:
                said += connection.recv(65536)
            stalled = server.plain()
            server.process.send_signal(signal.SIGTERM)
            self.assertIn(b'"stop":true', said + rest(connection))
            end_of(stalled)
            self.assertEqual(server.process.wait(TIMEOUT_SECONDS), 0)


class BadHandshakesTest(TlsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = TlsServer(cls.certificate, "--read-timeout", "1", "--max-connections", "8")
        cls.addClassCleanup(cls.server.__exit__)

    def tearDown(self):
        self.assertEqual(self.server.get("/health")[0], 200)

    def test_plain_http_is_told_what_is_wrong(self):
        plain = self.server.plain()
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 3000 + b"\r\n")
        said = rest(plain)
        self.assertTrue(said.startswith(b"HTTP/1.1 400 "), said)
        self.assertIn(b"HTTPS", said)

    def test_what_is_no_handshake_is_cut_off(self):
        for data in (b"\0", b"hello\r\n\r\n", bytes(range(255, -1, -1)) * 400, b"\x16\x03\x01\xff\xff" + bytes(70_000),
                     b"\x15\x03\x03\x00\x02\x02\x28", b"\x17\x03\x03\x00\x05hello", b"SSH-2.0-x\r\n" * 50):
            with self.subTest(data=data[:20]):
                plain = self.server.plain()
                try:
                    plain.sendall(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                end_of(plain)

    def test_handshakes_that_stall_are_cut_off(self):
        begin = hello(self.server.context)
        for part in (b"", begin[:3], begin[:40], begin[:-1], begin):
            with self.subTest(bytes=len(part)):
                plain = self.server.plain()
                plain.sendall(part)
                end_of(plain)  # and not a wait for ever

    def test_handshakes_that_stop_at_every_byte(self):
        begin = hello(self.server.context)
        for cut in range(0, len(begin) + 1, 3):
            with self.server.plain() as plain:
                plain.sendall(begin[:cut])

    def test_handshakes_that_stall_make_room(self):
        stalled = [self.server.plain() for _ in range(40)]
        self.assertEqual(self.server.get("/health")[0], 200)
        for plain in stalled:
            plain.close()

    def test_a_client_that_does_not_believe_the_certificate(self):
        with self.server.plain() as plain, self.assertRaisesRegex(ssl.SSLError, "CERTIFICATE_VERIFY_FAILED"):
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")


class FilesTest(TlsTest):
    def refused(self, code, cert, key):
        return self.fails(code, "serve", "--port", "0", "--tls-cert", cert, "--tls-key", key)

    def test_files_that_cannot_be_read(self):
        one = self.certificate
        self.assertIn("/nowhere.crt': No such file", self.refused(3, "/nowhere.crt", one.key))
        self.assertIn("/nowhere.key': No such file", self.refused(3, one.path, "/nowhere.key"))
        self.assertIn("folder", self.refused(3, self.folder, one.key))
        self.assertIn("folder", self.refused(3, one.path, self.folder))

    def test_files_that_hold_something_else(self):
        one = self.certificate
        self.assertIn("--tls-cert", self.refused(3, one.key, one.key))
        self.assertIn("--tls-key", self.refused(3, one.path, one.path))
        self.assertIn("--tls-cert", self.refused(3, "/dev/null", one.key))
        locked = self.folder / "locked.key"
        subprocess.run(["openssl", "pkey", "-in", one.key, "-aes256", "-passout", "pass:secret", "-out", locked], check=True,
                       capture_output=True, timeout=TIMEOUT_SECONDS)
        self.assertIn("passphrase", self.refused(3, one.path, locked))

    def test_a_key_of_another_certificate(self):
        for kind in ({}, {"kind": RSA}):
            other = Certificate(self.folder, "other", **kind)
            self.assertIn("does not belong", self.refused(2, self.certificate.path, other.key))

    def test_one_flag_without_the_other(self):
        self.assertIn("--tls-key", self.fails(2, "serve", "--tls-cert", self.certificate.path))
        self.assertIn("--tls-cert", self.fails(2, "serve", "--tls-key", self.certificate.key))


class ReloadTest(TlsTest):
    def test_sighup_reads_the_certificate_again_and_open_connections_keep_theirs(self):
        used = Certificate(self.folder, "used")
        with TlsServer(used) as server:
            old = server.connection()
            old.request("GET", "/health")
            old.getresponse().read()
            second = Certificate(self.folder, "second", kind=RSA)
            second.path.rename(used.path)
            second.key.rename(used.key)
            server.process.send_signal(signal.SIGHUP)
            server.context = used.trusting()
            while True:
                try:
                    with server.connect() as connection:
                        self.assertEqual(connection.getpeercert(True), used.as_bytes())
                    break
                except ssl.SSLCertVerificationError:
                    continue
            old.request("GET", "/health")
            self.assertEqual(old.getresponse().status, 200)
            old.close()
            used.key.write_text("")  # a mistake: the certificate stays
            server.process.send_signal(signal.SIGHUP)
            while not any("the old TLS certificate stays" in line for line in server.lines):
                self.assertEqual(server.get("/health")[0], 200)
            self.assertEqual(server.get("/health")[0], 200)

    def test_a_unix_socket_may_have_tls_too(self):
        with TlsServer(self.certificate, unix_socket=f"{self.folder}/socket") as server:
            self.assertEqual(server.get("/health")[0], 200)


if __name__ == "__main__":
    unittest.main()
