"""A parser for the part of PowerShell that scripts for farm's tests use. What it does not know is
an error (Refused), so a script that PowerShell itself would not take does not pass unseen.

Nodes are tuples: (kind, ...)."""

import re

from machine import Refused

TOKEN = re.compile(r"""
  (?P<space>[ \t\r]+|`\r?\n|\#[^\n]*)
 |(?P<newline>\n)
 |(?P<here>@"\n(?:.|\n)*?\n"@|@'\n(?:.|\n)*?\n'@)
 |(?P<single>'(?:[^']|'')*')
 |(?P<double>"(?:[^"`]|`(?:.|\n)|"")*")
 |(?P<variable>\$(?:\{[^}]+\}|(?:env|global|script|variable):\w+|[\w?^$]+))
 |(?P<number>0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?![\w\\/:.-]))
 |(?P<open>\$\(|@\(|@\{)
 |(?P<type>\[[A-Za-z_][\w.]*(?:\[\])?\])
 |(?P<redirect>(?:[2*]>&1)|(?:[12*]?>>?))
 |(?P<operator>\+=|-=|::|\.\.|[=|&;,(){}\[\]!+*/%.])
 |(?P<word>[^\s;|&(){}'",$`<>\[\]=]+)
""", re.VERBOSE)
COMPARISONS = {"-eq", "-ne", "-gt", "-lt", "-ge", "-le", "-like", "-match", "-replace", "-join", "-f"}
LOGIC = {"-and", "-or"}
KEYWORDS = {"if", "while", "do", "foreach", "try", "throw", "exit", "return", "break", "continue",
            "begin", "process", "end"}


def tokens(text):
    at, found = 0, []
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise Refused("PowerShell: cannot read %r" % text[at:at + 30])
        kind, value = match.lastgroup, match.group()
        spaced = bool(found) and text[at - 1] in " \t"
        at = match.end()
        if kind != "space":
            found.append((kind, value, spaced))
    return found


class Parser:
    def __init__(self, text):
        self.list = tokens(text)
        self.at = 0
        self.commas = True  # a comma makes an array; among a method's arguments it does not

    def peek(self, ahead=0):
        return self.list[self.at + ahead] if self.at + ahead < len(self.list) else ("end", "", False)

    def take(self, value=None):
        token = self.peek()
        if value is not None and token[1].lower() != value:
            raise Refused("PowerShell: expected %r, found %r" % (value, token[1]))
        self.at += 1
        return token

    def has(self, value):
        return self.peek()[1].lower() == value and self.peek()[0] not in ("single", "double")

    def skip_lines(self):
        while self.peek()[0] == "newline":
            self.at += 1

    def program(self):
        body = self.statements(None)
        if self.peek()[0] != "end":
            raise Refused("PowerShell: unexpected %r" % self.peek()[1])
        return body

    def statements(self, close):
        found = []
        while True:
            while self.peek()[0] == "newline" or self.has(";"):
                self.at += 1
            if self.peek()[0] == "end" or (close and self.has(close)):
                return found
            found.append(self.statement())
            if found[-1][0] in ("if", "while", "do", "foreach", "try", "block"):
                continue
            if self.peek()[0] not in ("newline", "end") and not self.has(";") and not (
                    close and self.has(close)):
                raise Refused("PowerShell: unexpected %r" % self.peek()[1])

    def block(self):
        self.skip_lines()
        self.take("{")
        body = self.statements("}")
        self.take("}")
        return body

    def condition(self):
        self.take("(")
        value = self.pipeline()
        self.take(")")
        return value

    def statement(self):
        kind, value, _ = self.peek()
        word = value.lower()
        if kind == "word" and word in KEYWORDS:
            return getattr(self, "parse_" + word)()
        start = self.at
        if kind == "variable" or kind == "type":
            target = self.postfix()
            if self.peek()[1] in ("=", "+=", "-="):
                operator = self.take()[1]
                self.skip_lines()
                return ("assign", target, operator, self.statement())
            self.at = start
        return self.pipeline()

    def parse_if(self):
        self.take()
        arms = [(self.condition(), self.block())]
        other = []
        while True:
            back = self.at
            self.skip_lines()
            if self.has("elseif"):
                self.take()
                arms.append((self.condition(), self.block()))
            elif self.has("else"):
                self.take()
                other = self.block()
                break
            else:
                self.at = back
                break
        return ("if", arms, other)

    def parse_while(self):
        self.take()
        return ("while", self.condition(), self.block())

    def parse_do(self):
        self.take()
        body = self.block()
        self.skip_lines()
        if self.has("until"):
            self.take()
            return ("do", body, ("not", self.condition()))
        self.take("while")
        return ("do", body, self.condition())

    def parse_foreach(self):
        self.take()
        self.take("(")
        name = self.take()[1]
        self.take("in")
        items = self.pipeline()
        self.take(")")
        return ("foreach", name, items, self.block())

    def parse_try(self):
        self.take()
        body, catch, final = self.block(), None, []
        while True:
            back = self.at
            self.skip_lines()
            if self.has("catch"):
                self.take()
                catch = self.block()
            elif self.has("finally"):
                self.take()
                final = self.block()
            else:
                self.at = back
                return ("try", body, catch, final)

    def ends(self):
        return self.peek()[0] in ("newline", "end") or self.peek()[1] in (";", "}")

    def parse_throw(self):
        self.take()
        return ("throw", None if self.ends() else self.pipeline())

    def parse_exit(self):
        self.take()
        return ("exit", None if self.ends() else self.pipeline())

    def parse_return(self):
        self.take()
        return ("return", None if self.ends() else self.pipeline())

    def parse_break(self):
        self.take()
        return ("break",)

    def parse_continue(self):
        self.take()
        return ("continue",)

    def named_block(self):
        return ("block", self.take()[1].lower(), self.block())

    parse_begin = parse_process = parse_end = named_block

    def pipeline(self):
        parts = [self.element()]
        while self.has("|"):
            self.take()
            self.skip_lines()
            parts.append(self.element())
        return parts[0] if len(parts) == 1 else ("pipeline", parts)

    def element(self):
        kind, value, _ = self.peek()
        if (kind == "word" and not value.startswith("-")) or value in ("&", ".", "%"):
            return self.command()
        return self.logic()

    def command(self):
        call = self.take()[1] if self.peek()[1] in ("&", ".") else ""
        if call and self.peek()[0] == "word":
            name = ("text", self.joined_word())
        elif call:
            name = self.primary()
        else:
            name = ("text", self.joined_word())
        arguments, redirects = [], []
        while True:
            kind, value, _ = self.peek()
            if self.ends() or value in ("|", ")", "&"):
                return ("command", call, name, arguments, redirects)
            if kind == "redirect":
                self.take()
                target = None if value.endswith("&1") else self.argument()
                redirects.append((value, target))
                continue
            arguments.append(self.argument())

    def joined_word(self):
        """A bare word is what stands together: c:\\a\\b.txt, /c, variable:global:X."""
        text = self.take()[1]
        while self.peek()[0] in ("word", "number", "operator") and not self.peek()[2] and \
                self.peek()[1] not in (";", "|", ")", "(", "{", "}", ",", "&"):
            text += self.take()[1]
        return text

    def argument(self):
        items = [self.argument_value()]
        while self.has(","):
            self.take()
            items.append(self.argument_value())
        return items[0] if len(items) == 1 else ("array", items)

    def argument_value(self):
        kind, value, _ = self.peek()
        if kind == "word":
            if value.startswith("-") and re.fullmatch(r"-[A-Za-z]+:?", value):
                self.take()
                return ("parameter", value[1:].rstrip(":").lower())
            return ("text", self.joined_word())
        if kind == "operator" and value in ("/", "%", ".", "*", "+", "!"):
            return ("text", self.joined_word())
        return self.postfix()

    def logic(self):
        left = self.comparison()
        while self.peek()[1].lower() in LOGIC:
            operator = self.take()[1].lower()
            self.skip_lines()
            left = (operator, left, self.comparison())
        return left

    def comparison(self):
        left = self.sum()
        while self.peek()[1].lower() in COMPARISONS and self.peek()[0] == "word":
            operator = self.take()[1].lower()
            left = ("binary", operator, left, self.sum())
        return left

    def sum(self):
        left = self.product()
        while self.peek()[1] in ("+", "-") and self.peek()[0] in ("operator", "word") or \
                self.commas and self.peek()[1] == ",":
            operator = self.take()[1]
            right = self.product()
            if operator == ",":
                left = ("array", (left[1] if left[0] == "array" else [left]) + [right])
            else:
                left = ("binary", operator, left, right)
        return left

    def product(self):
        left = self.unary()
        while self.peek()[1] in ("*", "/", "%", "..") and self.peek()[0] == "operator":
            operator = self.take()[1]
            left = ("binary", operator, left, self.unary())
        return left

    def unary(self):
        kind, value, _ = self.peek()
        if value == "!" or (kind == "word" and value.lower() == "-not"):
            self.take()
            return ("not", self.unary())
        if kind == "word" and re.fullmatch(r"-\d+", value):
            self.take()
            return ("number", int(value))
        if kind == "type" and self.peek(1)[1] not in ("::",) and self.peek(1)[0] in (
                "variable", "single", "double", "number", "type", "operator", "open"):
            self.take()
            return ("cast", value[1:-1], self.unary())
        return self.postfix()

    def postfix(self):
        value = self.primary()
        while True:
            kind, text, spaced = self.peek()
            if text in (".", "::") and kind == "operator" and not spaced:
                self.take()
                name = self.take()[1]
                # A word swallows dots: $a.b.c is one word behind the first dot.
                for part in name.split(".")[:-1]:
                    value = ("member", value, part, text == "::")
                    text = "."
                name = name.split(".")[-1]
                if self.peek()[1] == "(" and not self.peek()[2]:
                    value = ("call", value, name, self.arguments(), text == "::")
                else:
                    value = ("member", value, name, text == "::")
            elif kind == "word" and text.startswith(".") and not spaced and len(text) > 1:
                # ".b" directly behind a value
                self.take()
                parts = text[1:].split(".")
                for part in parts[:-1]:
                    value = ("member", value, part, False)
                if self.peek()[1] == "(" and not self.peek()[2]:
                    value = ("call", value, parts[-1], self.arguments(), False)
                else:
                    value = ("member", value, parts[-1], False)
            elif text == "[" and not spaced:
                self.take()
                index = self.logic()
                self.take("]")
                value = ("index", value, index)
            else:
                return value

    def arguments(self):
        self.take("(")
        found = []
        self.skip_lines()
        while not self.has(")"):
            found.append(self.single())
            self.skip_lines()
            if self.has(","):
                self.take()
                self.skip_lines()
        self.take(")")
        return found

    def single(self):
        """An argument of a method: commas end it."""
        before, self.commas = self.commas, False
        try:
            return self.logic()
        finally:
            self.commas = before

    def primary(self):
        kind, value, _ = self.take()
        if kind == "single":
            return ("text", value[1:-1].replace("''", "'"))
        if kind == "double":
            return ("expand", value[1:-1])
        if kind == "here":
            return ("text" if value[1] == "'" else "expand", value[3:-3])
        if kind == "number":
            return ("number", int(value, 0) if "." not in value else float(value))
        if kind == "variable":
            return ("variable", value[1:].strip("{}"))
        if kind == "type":
            return ("type", value[1:-1])
        if value == "(":
            before, self.commas = self.commas, True
            inner = self.statement()
            self.commas = before
            self.skip_lines()
            self.take(")")
            return ("group", inner)
        if value in ("$(", "@("):
            inner = self.statements(")")
            self.take(")")
            return ("subexpression", inner, value == "@(")
        if value == "{":
            inner = self.statements("}")
            self.take("}")
            return ("scriptblock", inner)
        raise Refused("PowerShell: unexpected %r" % value)
