"""submit's templates are planned again by the coordinator, from the bundle and what farmctl read: the
same jobs come out, with what only the user's machine knew; what is changed on the way is refused."""

import os
import unittest

from local_farm import FarmCase

TEMPLATE = """
variable "who" { default = env("WHO") }
variable "size" {}
variable "secret" {
  sensitive = true
  default   = "not-for-logs"
}
data "null" "word" { input = "told" }
locals {
  id    = uuidv4()
  stamp = formatdate("YYYY-MM-DD", timestamp())
  text  = trimspace(file("inside.txt"))
  other = trimspace(file("%(outside)s"))
  files = join(",", fileset(".", "*.txt"))
  wide  = textencodebase64("x", "UTF-16LE")
}
source "null" "base" { communicator = "none" }
build {
  sources = ["null.base"]
  provisioner "shell-local" {
    inline = ["echo who=${var.who} size=${var.size} id=${local.id} text=${local.text} other=${local.other} files=${local.files} word=${data.null.word.output} wide=${local.wide} cwd=${path.cwd}"]
  }
  provisioner "shell-local" { script = "%(script)s" }
}
"""


class PlanningTest(FarmCase):
    def test_the_coordinator_plans_what_farmctl_planned(self):
        outside = os.path.join(self.folder("elsewhere"), "outside.txt")
        script = os.path.join(self.folder("elsewhere"), "hello.sh")
        values = os.path.join(self.folder("elsewhere"), "prod.pkrvars.hcl")
        for path, text in ((outside, "out\n"), (script, "#!/bin/sh\necho script-ran\n"),
                           (values, 'size = "large"\n')):
            with open(path, "w") as file:
                file.write(text)
        os.chmod(script, 0o755)
        self.write("images/inside.txt", "in\n")
        self.write("images/t.pkr.hcl", TEMPLATE % {"outside": outside, "script": script})
        self.start_farm()
        self.start_agent("kvm-a")
        self.env["WHO"] = "ann"
        build = self.submit("-var-file=" + values, template="images")
        state = self.wait_for_end(build, 120)
        self.assertEqual(state["state"], "succeeded", self.logs(build))
        log = self.logs(build)
        for word in ("who=ann", "size=large", "text=in", "other=out", "files=inside.txt",
                     "word=told", "wide=eAA=", "cwd=" + self.work, "script-ran"):
            self.assertIn(word, log)
        with open(self.coordinator_log) as file:
            self.assertNotIn("otherwise than farmctl", file.read())
        # A mistake is farmctl's to tell; nothing reached the coordinator.
        self.write("images/t.pkr.hcl", "source {")
        self.assertEqual(self.farmctl("submit", "--detach", "images").code, 3)
        # The planner is needed: a coordinator without it does not start.
        self.kill_coordinator()
        refused = self.run_program([os.path.join(os.environ["FARM_BIN"], "farm-coordinator"),
                                    "--config", self.write("c.hcl", 'planner = "/absent"\n'),
                                    "--data", self.path("coordinator"), "--https", "off"])
        self.assertEqual(refused.code, 1)
        self.assertIn("/absent", refused.err)


if __name__ == "__main__":
    unittest.main()
