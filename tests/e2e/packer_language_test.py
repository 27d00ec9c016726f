"""The expressions of tests/unit/common/template/hcl2/language_cases.txt that need no variables, given to
`packer console` 1.6.6 and to `farmctl console`: the same text comes out, and what the one refuses the
other refuses. Packer 1.6.6 is older than the reference: what it lacks or has otherwise is listed here
with the reason. Likewise `packer fmt` and `farmctl fmt` on format_cases.txt."""

import os
import re
import subprocess
import unittest

from case import BIN, PACKER, SOURCE, Case, needs_packer

CASES = os.path.join(SOURCE, "tests/unit/common/template/hcl2")
BATCH = 100

# Why packer 1.6.6 answers otherwise, and the expressions of which that is true.
DIFFERENT = [
    ("the function is newer than 1.6.6",
     r"\b(alltrue|anytrue|sum|try|startswith|endswith|strcontains|textencodebase64|"
     r"textdecodebase64|index|base64gzip)\("),
    ("regex and regexall fail in 1.6.6 whatever they are given", r"\bregex(all)?\("),
    ("1.6.6 compares null inside lists and objects as not known", r"\bnull\b[^=]*==|== \[null\]"),
    ("1.6.6 knows no result for a splat of null", r"^\(?\[?null\]?\)?(\[\*\]|\.\*)"),
    ("1.6.6 looks at the right operand when the left one decides",
     r"^(false &&|true \|\|) (1|null)$"),
    ("1.6.6 rounds through 64-bit integers", r"^(ceil|floor)\((1234|1e100)"),
    ("1.6.6 gives null for merge() of nothing", r"^merge\((null)?(,null)?\)$"),
    ("1.6.6 refuses sets of lists and objects", r"^set(union|intersection)\(\[[\[{]"),
    ("1.6.6 refuses null", r"^jsonencode\(null\)$"),
    ("1.6.6 stops at two quotes in a quoted part", r"^formatdate\(\"'at'"),
    ("1.6.6 does not wrap below 0", r"^element\(.*,-\d\)"),
    ("optional attributes are newer, and so is unifying lists in lists",
     r"optional\(|list\(list\(any\)\)|object\(\{\"a\""),
    ("YAML 1.1 integers, tags and merge keys are read otherwise by 1.6.6",
     r"^yamldecode\(\"(a: -?0[xob]|a: !!|a: &x|---\"|\.\.\.\")"),
    ("an emoji is escaped otherwise inside YAML", r"^yamlencode\(\".*\u200d"),
]


def cases():
    """The expressions of one line without variables, and whether the table expects an error."""
    found, lines = [], []
    with open(os.path.join(CASES, "language_cases.txt"), encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith(">"):
                lines.append(line[2:])
            elif line.startswith("= "):
                text = lines[0].strip()
                if len(lines) == 1 and text and not re.search(r"var\b|[#\t]|//|/\*|^(exit|help)$", text):
                    if "unknown" not in line:
                        found.append((text, line.startswith("= !")))
                lines = []
    return found


def format_cases():
    with open(os.path.join(CASES, "format_cases.txt"), encoding="utf-8") as file:
        for part in file.read().split("==== ugly\n")[1:]:
            yield part.split("==== canonical\n")


def reason(text):
    return next((why for why, pattern in DIFFERENT if re.search(pattern, text)), None)


class PackerLanguage(Case):
    def answer(self, program, text):
        """What the console says of `text`; None when it refuses it."""
        done = subprocess.run([program, "console", "t.pkr.hcl"], input=text + "\n", cwd=self.work,
                              env=self.env, capture_output=True, text=True, timeout=60)
        refused = done.returncode != 0 or "Error" in done.stdout.split("\n")[0]
        return None if refused else done.stdout

    def both(self, text):
        return self.answer(PACKER, text), self.answer(os.path.join(BIN, "farmctl"), text)

    def compare(self, texts, differing):
        """Adds to `differing` what the two answer differently; as many at once as are equal."""
        packer, farm = self.both("[" + ", ".join("(%s)" % text for text in texts) + "]")
        if packer is not None and packer == farm:
            return
        if len(texts) == 1:
            differing.append((texts[0], packer, farm))
            return
        middle = len(texts) // 2
        self.compare(texts[:middle], differing)
        self.compare(texts[middle:], differing)

    @needs_packer
    def test_console(self):
        self.write("t.pkr.hcl", "")
        every = [case for case in cases() if reason(case[0]) is None]
        good = [text for text, error in every if not error]
        bad = [text for text, error in every if error]
        self.assertGreater(len(good), 400)
        differing = []
        for first in range(0, len(good), BATCH):
            self.compare(good[first:first + BATCH], differing)
        for text in bad[::max(1, len(bad) // 30)]:
            packer, farm = self.both(text)
            if packer is not None or farm is not None:
                differing.append((text, packer, farm))
        self.assertEqual(differing, [])

    @needs_packer
    def test_fmt(self):
        # 1.6.6 leaves the insides of strings alone and puts a space after `!`.
        texts = [ugly for ugly, _ in format_cases()
                 if not re.search(r"[$%]\{|!|<<|[=(:,?\[]\s*-|ns::|1 \.5", ugly)]
        self.assertGreater(len(texts), 60)
        for number, text in enumerate(texts):
            self.write("packer/%03d.pkr.hcl" % number, text)
            self.write("farm/%03d.pkr.hcl" % number, text)
        self.good(self.packer("fmt", "packer"))
        self.good(self.farmctl("fmt", "farm"))
        for number in range(len(texts)):
            name = "/%03d.pkr.hcl" % number
            self.assertEqual(self.read("packer" + name), self.read("farm" + name), texts[number])


if __name__ == "__main__":
    unittest.main()
