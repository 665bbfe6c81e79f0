# SPDX-License-Identifier: Apache-2.0
"""What CPack makes of the build under test: the Debian package holds what it should, the archive runs from any folder. A
fresh Debian is asked by tools/check_package.sh."""

import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from harness import EXECUTABLE, REPOSITORY, TIMEOUT_SECONDS, environment

CPACK_CONFIG = EXECUTABLE.parent / "CPackConfig.cmake"


def output(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make(kind, folder):
    """The one file that CPack makes."""
    if not CPACK_CONFIG.exists() or not shutil.which("cpack"):
        raise unittest.SkipTest("no build that CPack could pack")
    output("cpack", "--config", CPACK_CONFIG, "-G", kind, "-B", folder)
    return next(path for path in pathlib.Path(folder).iterdir() if path.suffix in (".deb", ".gz"))


class PackageTest(unittest.TestCase):
    kind = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.package = make(cls.kind, folder.name)


@unittest.skipIf(not all(map(shutil.which, ("dpkg-deb", "dpkg-shlibdeps", "file"))), "dpkg-dev and file are not installed")
class DebianTest(PackageTest):
    kind = "DEB"

    def fields(self):
        return dict(re.findall(r"^ ?([\w-]+): (.*)$", output("dpkg-deb", "--field", self.package), re.MULTILINE))

    def contents(self):
        """Mode and owner of each file by its path."""
        lines = (line.split(None, 5) for line in output("dpkg-deb", "--contents", self.package).splitlines())
        return {words[5].lstrip("."): tuple(words[:2]) for words in lines}

    def test_its_description(self):
        fields = self.fields()
        version = re.search(r"project\(Sterna VERSION (\S+)", (REPOSITORY / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual((fields["Package"], fields["Version"]), ("sterna", version))
        self.assertEqual(fields["Architecture"], output("dpkg", "--print-architecture").strip())
        self.assertEqual(self.package.name, f"sterna_{version}_{fields['Architecture']}.deb")
        depends = re.split(r", *", fields["Depends"])
        self.assertIn("adduser", depends)
        for library in ("libc6", "libcurl4", "libedit2", "libssl3"):
            self.assertTrue(any(one.startswith(library + " (>=") or one == library for one in depends), depends)

    def test_what_is_where(self):
        contents = self.contents()
        for path, mode in {"/usr/bin/sterna": "-rwxr-xr-x", "/etc/sterna/serve.env": "-rw-r--r--",
                           "/usr/lib/systemd/system/sterna.service": "-rw-r--r--",
                           "/usr/share/sterna/models/sterna-dictionary-i2_s.gguf": "-rw-r--r--",
                           "/usr/share/bash-completion/completions/sterna": "-rw-r--r--",
                           "/usr/share/zsh/vendor-completions/_sterna": "-rw-r--r--",
                           "/usr/share/fish/vendor_completions.d/sterna.fish": "-rw-r--r--",
                           "/usr/share/doc/sterna/copyright": "-rw-r--r--", "/usr/share/doc/sterna/docs/server.md": "-rw-r--r--",
                           "/usr/share/doc/sterna/deploy/haproxy.cfg": "-rw-r--r--"}.items():
            self.assertEqual(contents.get(path), (mode, "root/root"), path)
        strangers = [path for path in contents if re.search(r"\.(h|so|a|cmake|pc)(\.|$)|/debian/", path)]
        self.assertEqual(strangers, [])
        self.assertEqual([path for path, (mode, _) in contents.items() if mode[8] == "w"], [])

    def test_scripts_and_settings(self):
        output("dpkg-deb", "--control", self.package, self.folder / "control")
        self.assertEqual((self.folder / "control" / "conffiles").read_text(), "/etc/sterna/serve.env\n")
        for script in ("postinst", "prerm", "postrm"):
            path = self.folder / "control" / script
            self.assertEqual(path.stat().st_mode & 0o777, 0o755)
            output("sh", "-n", path)

    def test_its_service_starts_its_program(self):
        output("dpkg-deb", "--extract", self.package, self.folder / "root")
        unit = (self.folder / "root/usr/lib/systemd/system/sterna.service").read_text()
        program = re.search(r"^ExecStart=(\S+)", unit, re.MULTILINE).group(1)
        self.assertIn("sterna", output(str(self.folder / "root") + program, "--version"))
        flags = re.search(r"^STERNA_SERVE_FLAGS=(.*)$", (self.folder / "root/etc/sterna/serve.env").read_text(), re.MULTILINE)
        self.assertIn(flags.group(1).split()[0], output(EXECUTABLE, "serve", "--help"))


class ArchiveTest(PackageTest):
    kind = "TGZ"

    def test_it_runs_where_it_is_unpacked(self):
        name = self.package.name.removesuffix(".tar.gz")
        self.assertRegex(name, r"^sterna-[\d.]+-linux-\w+$")
        with tarfile.open(self.package) as archive:
            self.assertEqual({member.name.split("/")[0] for member in archive}, {name})
            archive.extractall(self.folder)
        root = self.folder / name
        self.assertEqual(output(root / "bin/sterna", "--version"), output(EXECUTABLE, "--version"))
        self.assertIn("bird", output(root / "bin/sterna", "run", "-p", "What is a sparrow?", "--temp", "0"))
        self.assertFalse((root / "etc").exists())
        self.assertTrue((root / "share/doc/sterna/LICENSE").exists())


if __name__ == "__main__":
    unittest.main()
