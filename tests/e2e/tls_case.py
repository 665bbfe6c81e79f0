# SPDX-License-Identifier: Apache-2.0
"""A running `sterna serve` that speaks HTTPS, with certificates made for the test by the openssl command."""

import pathlib
import shutil
import ssl
import subprocess
import tempfile
import unittest

from harness import TIMEOUT_SECONDS, SternaTest
from server_case import Server

EC = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
RSA = ("rsa:2048",)


class Certificate:
    """A self-signed certificate for localhost and its key, as two files."""

    def __init__(self, folder, name, kind=EC):
        self.path, self.key = pathlib.Path(folder, f"{name}.crt"), pathlib.Path(folder, f"{name}.key")
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", *kind, "-subj", f"/CN={name}",
                        "-addext", "subjectAltName=DNS:localhost", "-out", self.path, "-keyout", self.key],
                       check=True, capture_output=True, timeout=TIMEOUT_SECONDS)

    def flags(self):
        return "--tls-cert", self.path, "--tls-key", self.key

    def trusting(self):
        """A client's context that believes this certificate and no other."""
        return ssl.create_default_context(cafile=self.path)

    def as_bytes(self):
        return ssl.PEM_cert_to_DER_cert(self.path.read_text())


class TlsServer(Server):
    """Clients of this server speak TLS, except those of `plain`."""

    def __init__(self, certificate, *flags, **options):
        super().__init__(*certificate.flags(), *flags, **options)
        self.context = certificate.trusting()

    def plain(self):
        return super().connect()

    def connect(self):
        return self.context.wrap_socket(self.plain(), server_hostname="localhost", suppress_ragged_eofs=False)


@unittest.skipIf(shutil.which("openssl") is None, "openssl is not installed")
class TlsTest(SternaTest):
    """Has a folder, and a certificate in it."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.certificate = Certificate(cls.folder, "one")
