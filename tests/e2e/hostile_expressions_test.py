"""Templates are foreign input: no expression makes farmctl hang, eat the memory or crash. Each one here
is given to `farmctl console --json` with 2 GB of address space; it must answer or say why not."""

import os
import resource
import subprocess
import unittest

from case import BIN, Case

MEMORY = 2 << 30
DEADLINE = 60  # sanitizers and debug builds are slow; a release build takes a second or so


def nested(count, opening, middle, closing):
    return opening * count + middle + closing * count


DEEP = 100000
YAML_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\\n" + "".join(
    "%s: &%s [%s]\\n" % (chr(98 + i), chr(98 + i), ",".join(["*" + chr(97 + i)] * 9))
    for i in range(12))
HUGE_TEXT = 'join(join("0123456789012345678901234567890123456789",range(1000)),range(1000))'

REFUSED = [
    ("range", "range(1e9)"),
    ("range of tiny steps", "range(0,1,1e-300)"),
    ("format, width", 'format("%1000000000d",1)'),
    ("format, precision", 'format("%.1000000000f",1)'),
    ("formatlist", 'formatlist("%s-%9999s-%9999s", flatten([for i in range(10): range(1000)]),"x","y")'),
    ("join", 'join(%s, range(1000))' % HUGE_TEXT),
    ("join of lists", 'join(format("%09999d",1), [for i in range(100): [for j in range(1000): "x"]]...)'),
    ("replace", 'replace(%s,"0",%s)' % (HUGE_TEXT, HUGE_TEXT)),
    ("replace of nothing", 'replace(join("",range(1000)),"",join("",range(9000)))'),
    ("regex_replace", 'regex_replace(join("",[for i in range(1000): "aaaaaaaaaa"]),"",join("",[for i in range(1000): "aaaaaaaaaa"]))'),
    ("regex repeats", 'regex("((a{1000}){1000}){1000}","a")'),
    ("template", '"%s"' % ("${%s}" % HUGE_TEXT.replace("1000", "700") * 4)),
    ("nested for", "[for a in range(1000): [for b in range(1000): [for c in range(1000): 1]]]"),
    ("setproduct", "setproduct(range(1000),range(1000),range(1000))"),
    ("setproduct, wide", "setproduct([for i in range(1000): [0,1]]...)"),
    ("flatten", "flatten([for i in range(1000): [for j in range(1000): range(100)]])"),
    ("concat", "concat([for i in range(1000): flatten([for j in range(100): range(1000)])]...)"),
    ("contains", "[for x in flatten([for a in range(100): range(1000)]): "
                 "contains(flatten([for a in range(100): range(1000)]), x)]"),
    ("bcrypt", 'bcrypt("a",31)'),
    ("bcrypt, often", '[for i in range(1000): bcrypt("a",14)]'),
    ("exponent", "1e999999999999"),
    ("product of numbers", "jsonencode(1e999999 * 1e999999 * 1e999999)"),
    ("JSON number", 'jsondecode("1e999999999")'),
    ("indent", 'indent(1000000000,"a\\nb")'),
    ("cidrsubnet", 'cidrsubnet("10.0.0.0/8",1e9,1)'),
    ("cidrhost", 'cidrhost("10.0.0.0/8",1e30)'),
    ("timeadd", 'timeadd("2020-01-01T00:00:00Z","999999999999999999999h")'),
    ("YAML aliases", 'yamldecode("%s")' % YAML_BOMB),
    ("YAML depth", 'yamldecode("%s")' % ("[" * DEEP)),
    ("YAML depth of lists", 'yamldecode("%s")' % ("- " * DEEP)),
    ("YAML depth of keys", 'yamldecode("%s")' % ("? " * DEEP)),
    ("JSON depth", 'jsondecode("%s")' % ("[" * DEEP)),
    ("parentheses", nested(DEEP, "(", "1", ")")),
    ("brackets", nested(DEEP, "[", "1", "]")),
    ("braces", nested(DEEP, "{a=", "1", "}")),
    ("signs", "-" * DEEP + "1"),
    ("conditionals", "true?1:" * DEEP + "1"),
    ("sums", "1+" * DEEP + "1"),
    ("interpolations", nested(DEEP, '"${', "1", '}"')),
    ("indexes", "a" + "[0]" * DEEP),
    ("attributes", "a" + ".b" * DEEP),
    ("splats", "a" + "[*]" * DEEP),
    ("calls", nested(DEEP, "upper(", '"a"', ")")),
    ("directives", '"' + nested(DEEP, "%{if true}", "", "%{endif}") + '"'),
    ("heredocs", "".join("${<<A%d\n" % i for i in range(20000))),
    ("for in for", nested(DEEP, "[for a in [1]: ", "1", "]")),
    ("try in try", nested(500, "try(try(x,", "1", "))")),
    ("quotes", '"' * (DEEP + 1)),
]
ANSWERED = [
    ("long object", "length({%s})" % "".join("a%d=1," % i for i in range(20000))),
    ("long string", 'length("%s")' % ("$" * 1000000)),
    ("a character of many marks", 'length("e%s")' % ("\u0301" * DEEP)),
    ("regex that others backtrack on", 'length(regexall("(x+x+)+y","%s"))' % ("x" * 50000)),
    ("distinct", 'length(distinct(flatten([for a in range(300): [for b in range(300): "${a}-${b}"]])))'),
    ("unify", 'length(convert([for i in range(300): {for j in range(i): "k${j}" => j}], list(any)))'),
    ("many alternatives", "try(%s1)" % ("x," * 5000)),
    ("CSV", 'length(csvdecode("a\\n%s"))' % ("1\\n" * 50000)),
    ("YAML indentation", 'length(yamldecode("%s"))' % "".join("a%d:\\n" % i for i in range(2000))),
]


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


class HostileExpressions(Case):
    def answer(self, text):
        # AddressSanitizer reserves terabytes: there the deadline alone is watched.
        limited = None if os.environ.get("ASAN_OPTIONS") else limit_memory
        return subprocess.run([os.path.join(BIN, "farmctl"), "console", "--json"], input=text + "\n",
                              cwd=self.work, env=self.env, capture_output=True, text=True,
                              timeout=DEADLINE, preexec_fn=limited, errors="replace")

    def test_refused(self):
        for name, text in REFUSED:
            with self.subTest(name):
                done = self.answer(text)
                self.assertEqual(done.returncode, 1, done.stderr[:300])
                self.assertTrue(done.stderr.startswith("Error: "), done.stderr[:300])
                self.assertEqual(done.stdout, "")

    def test_answered(self):
        for name, text in ANSWERED:
            with self.subTest(name):
                done = self.answer(text)
                self.assertEqual((done.returncode, done.stderr[:300]), (0, ""))


if __name__ == "__main__":
    unittest.main()
