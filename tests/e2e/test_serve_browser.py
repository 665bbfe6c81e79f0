# SPDX-License-Identifier: Apache-2.0
"""The web page in a browser. Needs Debian's chromium and PyPI's playwright; skipped where they are missing.

With STERNA_SCREENSHOTS=FOLDER it leaves pictures there.
"""

import os
import pathlib
import re
import shutil
import unittest

from harness import BUILT_IN_MODEL
from server_case import ServerTest

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:
    sync_playwright = None
CHROMIUM = shutil.which("chromium")


@unittest.skipIf(sync_playwright is None, "Python's playwright is not installed")
@unittest.skipIf(CHROMIUM is None, "chromium is not installed")
class ServeBrowserTest(ServerTest):
    model = BUILT_IN_MODEL

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        player = sync_playwright().start()
        cls.addClassCleanup(player.stop)
        cls.browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.page = self.browser.new_page()
        self.addCleanup(self.page.close)
        self.complaints, self.asked = [], []
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request))
        self.page.goto(self.address())

    def address(self):
        return f"http://127.0.0.1:{self.server.port}/"

    def tearDown(self):
        self.assertEqual(self.complaints, [])
        self.assertEqual([one.url for one in self.asked if not one.url.startswith(self.address())], [])
        super().tearDown()

    def picture(self, name):
        folder = os.environ.get("STERNA_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=pathlib.Path(folder) / f"{name}.png")

    def set(self, **settings):
        self.page.get_by_role("button", name="Settings").click()
        for name, value in settings.items():
            self.page.locator(f"#{name}").fill(value)

    def ask(self, text):
        self.page.get_by_label("Your message").fill(text)
        self.page.keyboard.press("Enter")

    def body_of_last_question(self):
        return [one for one in self.asked if one.url.endswith("/v1/chat/completions")][-1].post_data_json

    def test_an_answer_comes_and_stays_after_a_reload(self):
        self.set(temperature="0", max_tokens="40", system="Be brief.")
        self.ask("What is a sparrow?")
        answer = self.page.locator(".message.assistant")
        expect(answer).to_contain_text("sparrow")
        expect(self.page.get_by_role("button", name="Send")).to_be_visible()
        body = self.body_of_last_question()
        self.assertEqual((body["temperature"], body["max_tokens"]), (0, 40))
        self.assertEqual(body["messages"][0], {"role": "system", "content": "Be brief."})
        expect(self.page.locator("#context-text")).to_have_text(re.compile("^[1-9][0-9]* of "))
        text = answer.inner_text()
        self.picture("light")
        self.page.get_by_role("button", name="Dark colours").click()
        self.page.get_by_role("button", name="Server").click()
        expect(self.page.locator(".chart output").first).not_to_be_empty()
        self.picture("dark")
        self.page.reload()
        self.assertEqual(answer.inner_text(), text)
        self.page.set_viewport_size({"width": 400, "height": 800})
        self.page.reload()
        self.picture("narrow")

    def test_escape_stops_an_answer(self):
        self.page.route("**/v1/chat/completions", lambda route: None)  # an answer that does not come
        self.ask("Tell me about birds.")
        expect(self.page.get_by_role("button", name="Stop")).to_be_visible()
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_role("button", name="Send")).to_be_visible()
        expect(self.page.get_by_role("status")).to_have_text("Stopped.")
        expect(self.page.get_by_label("Your message")).to_have_value("Tell me about birds.")

    def test_markup_stays_text(self):
        self.set(max_tokens="1")
        self.ask("<img src=x onerror=alert(1)> **bold** `code`")
        mine = self.page.locator(".message.user")
        expect(mine).to_contain_text("<img src=x onerror=alert(1)>")
        self.assertEqual(mine.locator("img").count(), 0)
        expect(mine.locator("strong")).to_have_text("bold")

    def test_every_control_has_a_name(self):
        for button in ("Settings", "Server"):
            self.page.get_by_role("button", name=button).click()
        unnamed = self.page.evaluate("""() => [...document.querySelectorAll("button, input, textarea, meter")]
            .filter((one) => !(one.getAttribute("aria-label") || one.labels?.length || one.textContent.trim()))
            .map((one) => one.outerHTML)""")
        self.assertEqual(unnamed, [])
