"""Browser: Chromium without a window, driven over its debugging pipe (JSON messages that end with a
zero byte on descriptors 3 and 4), so that a test needs no driver program and no port."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    def __init__(self, case):
        self.case = case
        self.number = 0
        self.buffer = b""
        self.complaints = []  # errors of pages, refusals of their security policy
        ends = os.pipe() + os.pipe()
        # Out of the way of 3 and 4, which they are to be in the browser.
        to_read, self.to, self.back, to_write = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
                                                 for end in ends)
        for end in ends:
            os.close(end)
        command = 'exec 3<&%d 4>&%d; exec "$@"' % (to_read, to_write)
        with open(case.path("browser.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", command, "browser", CHROMIUM, "--headless=new", "--no-sandbox",
                 "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
                 "--no-first-run", "--ignore-certificate-errors", "--remote-debugging-pipe",
                 "--window-size=1100,800", "--user-data-dir=" + case.folder("browser"),
                 "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=case.env,
                pass_fds=(to_read, to_write), start_new_session=True)
        case.started.append(self.process)
        os.close(to_read)
        os.close(to_write)
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def call(self, method, deadline=60, **parameters):
        """The result of one method; events on the way are looked at."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + deadline
        while True:
            answer = self.receive(end, method)
            if answer.get("id") == self.number:
                if "error" in answer:
                    self.case.fail("%s: %s" % (method, answer["error"]))
                return answer["result"]
            self.look_at(answer)

    def receive(self, end, what):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.back], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.case.fail("the browser does not answer " + what)
            piece = os.read(self.back, 1 << 20)
            if not piece:
                self.case.fail("the browser ended:\n" + self.case.log_text(
                    self.case.path("browser.log")))
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def look_at(self, event):
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(event["params"]["exceptionDetails"]))
        if event.get("method") == "Log.entryAdded":
            entry = event["params"]["entry"]
            # A first visit without a session is told 401; the browser calls that an error.
            if entry["level"] == "error" and "401" not in entry["text"]:
                self.complaints.append(entry["text"])

    def visit(self, url):
        self.call("Page.navigate", url=url)

    def run(self, script):
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in result:
            self.case.fail("%s: %s" % (script, result["exceptionDetails"]))
        return result["result"].get("value")

    def text(self):
        return self.run("document.body ? document.body.innerText : ''")

    def wait_for_text(self, *words, deadline=60):
        def there():
            text = self.text()
            return text if all(word in text for word in words) else None
        try:
            return self.case.wait_for("text %s on the page" % (words,), there, deadline)
        except AssertionError as error:
            self.case.fail("%s\n%s\n%s" % (error, self.text(), self.complaints))

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def end(self):
        os.close(self.to)
        os.close(self.back)
