"""The dashboard as a person sees it: log in with a token, builds, jobs, a log that grows while it is
read, agents drained and resumed by a click, and what a viewer may not do. FARM_SCREENSHOTS names a
folder for pictures of the pages."""

import os
import unittest

from browser import CHROMIUM, Browser
from local_farm import FarmCase

TEMPLATE = """
source "null" "base" { communicator = "none" }
build {
  sources = ["null.base"]
  provisioner "shell-local" {
    inline = ["echo 'first words <b>not bold</b>'", "while [ ! -e %s ]; do sleep 0.1; done", "echo last words"]
  }
}
"""


@unittest.skipUnless(CHROMIUM, "chromium is not installed (ops/deps)")
class DashboardTest(FarmCase):
    def setUp(self):
        super().setUp()
        self.start_farm()
        self.start_agent("kvm-a")
        self.browser = Browser(self)
        self.addCleanup(self.browser.end)
        self.url = "https://127.0.0.1:%d/" % self.ports[3]

    def picture(self, name):
        folder = os.environ.get("FARM_SCREENSHOTS")
        if folder:
            self.browser.screenshot(os.path.join(folder, name + ".png"))

    def log_in(self, *words):
        token = self.good(self.farmctl("token", "api", *words)).out.strip()
        self.browser.visit(self.url)
        self.browser.wait_for_text("Log in", "farmctl token api")
        self.browser.run("document.getElementById('token').value = '%s';"
                         "document.querySelector('form').requestSubmit()" % token)
        self.browser.wait_for_text("Builds", "Log out")

    def click(self, label):
        self.browser.run("window.confirm = () => true;"
                         "[...document.querySelectorAll('button')]"
                         ".find((b) => b.textContent === '%s').click()" % label)

    def test_pages(self):
        go_on = self.path("go-on")
        self.write("t.pkr.hcl", TEMPLATE % go_on)
        build = self.submit(template="t.pkr.hcl")
        self.log_in()
        self.browser.wait_for_text(build[:6], "running", "admin")
        self.picture("builds")
        self.browser.run("location.hash = '#/b/%s'" % build)
        self.browser.wait_for_text("null.base", "kvm-a", "Cancel build")
        self.picture("build")
        job = self.jobs(build)["null.base"]["id"]
        self.browser.run("location.hash = '#/b/%s/j/%s'" % (build, job))
        # Text of a build never becomes part of the page.
        text = self.browser.wait_for_text("first words <b>not bold</b>", "live")
        self.assertNotIn("last words", text)
        open(go_on, "w").close()
        self.browser.wait_for_text("last words", "succeeded")
        self.picture("log")
        self.browser.run("location.hash = '#/agents'")
        self.browser.wait_for_text("kvm-a", "ready")
        self.click("Drain")
        self.browser.wait_for_text("draining", "Resume")
        self.picture("agents")
        self.assertEqual(self.agent_state("kvm-a"), "draining")
        self.click("Resume")
        self.browser.wait_for_text("ready", "Drain")
        self.browser.run("location.hash = '#/audit'")
        self.browser.wait_for_text("drain", "resume", "api-token-create")
        self.picture("audit")
        self.click("Log out")
        self.browser.wait_for_text("API token")
        self.assertEqual(self.browser.complaints, [])

    def test_a_viewer_sees_and_changes_nothing(self):
        self.log_in("--role=viewer")
        self.browser.run("location.hash = '#/agents'")
        text = self.browser.wait_for_text("kvm-a", "ready", "viewer")
        self.assertNotIn("Drain", text)
        # Also not by hand: neither with the session's proof nor without.
        status = self.browser.run(
            "fetch('/api/v1/session').then((r) => r.json()).then((s) =>"
            " fetch('/api/v1/agents/kvm-a/drain', {method: 'POST',"
            " headers: {'X-CSRF-Token': s.csrf}})).then((r) => r.status)")
        self.assertEqual(status, 403)
        self.assertEqual(self.agent_state("kvm-a"), "ready")


if __name__ == "__main__":
    unittest.main()
