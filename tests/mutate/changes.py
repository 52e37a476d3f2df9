# SPDX-License-Identifier: Apache-2.0
"""
The changes that could be made to a file of C: `<` for `<=`, a swallowed error, a dropped statement.

Nothing is parsed: tokens, brackets and what begins a statement are enough. What makes no sense
doesn't compile, and is not counted.
"""
import re

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<cpp>(?<![^\n])[ \t]*\#(?:\\\n|[^\n])*)
      | (?P<string>"(?:\\.|[^"\\])*")
      | (?P<char>'(?:\\.|[^'\\])*')
      | (?P<number>\b(?:0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*\b)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<op><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=
             |[-+*/%&|^~!<>=?:;,.(){}\[\]])
      | (?P<space>\s+)""",
    re.X | re.S)

SWAPS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&"}
COMPARISONS = {"==", "!=", "<=", ">="}
ENDS_A_STATEMENT = {";", "{", "}"}
NOT_A_STATEMENT = {
    "return", "if", "for", "while", "switch", "do", "else", "goto", "case", "default", "break",
    "continue", "static_assert", "sizeof", "TRY", "typedef", "extern", "static", "assert",
}


class Token:
    __slots__ = ("kind", "text", "start", "end")

    def __init__(self, kind, text, start, end):
        self.kind, self.text, self.start, self.end = kind, text, start, end


def tokens_of(text):
    found, at = [], 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            at += 1
            continue
        if m.lastgroup not in ("comment", "cpp", "space"):
            found.append(Token(m.lastgroup, m.group(), m.start(), m.end()))
        at = m.end()
    return found


def partner(tokens, at):
    """The index of what closes the bracket at `at`."""
    depth = 0
    for i in range(at, len(tokens)):
        if tokens[i].text in "([{" and tokens[i].kind == "op":
            depth += 1
        elif tokens[i].text in ")]}" and tokens[i].kind == "op":
            depth -= 1
            if depth == 0:
                return i
    return len(tokens) - 1


def end_of_statement(tokens, at):
    """The index of the `;` at the end of what begins at `at`; None inside of brackets."""
    i = at
    while i < len(tokens) and tokens[i].text != ";":
        if tokens[i].kind == "op" and tokens[i].text in (")", "]", "}"):
            return None
        opens = tokens[i].kind == "op" and tokens[i].text in ("(", "[", "{")
        i = partner(tokens, i) + 1 if opens else i + 1
    return i if i < len(tokens) else None


def begins_statement(tokens, at):
    """Does an assignment or a call begin here, as a whole statement?"""
    t = tokens[at]
    if not (t.kind == "word" or t.text == "*") or t.text in NOT_A_STATEMENT:
        return False
    if tokens[at - 1].text not in ENDS_A_STATEMENT:
        return False
    i = at
    while i < len(tokens) and tokens[i].text == "*":
        i += 1
    i += 1
    if i < len(tokens) and tokens[i].text == "(" and i == at + 1:
        last = partner(tokens, i)
        return last + 1 < len(tokens) and tokens[last + 1].text == ";"
    while i < len(tokens):
        text = tokens[i].text
        if text in (".", "->"):
            i += 2
        elif text == "[":
            i = partner(tokens, i) + 1
        else:
            return text in ("++", "--") or (text[-1] == "=" and text not in COMPARISONS)
    return False


def function_depths(tokens):
    """For each token: is it in a function's body, which begins with `{` behind `)`?"""
    inside, depth, body = [], 0, False
    for i, t in enumerate(tokens):
        if t.text == "{" and t.kind == "op":
            if depth == 0:
                body = i > 0 and tokens[i - 1].text == ")"
            depth += 1
        inside.append(body and depth > 0)
        if t.text == "}" and t.kind == "op":
            depth -= 1
            if depth == 0:
                body = False
    return inside


class Change:
    def __init__(self, path, start, end, new, text, lines):
        self.path, self.start, self.end, self.new = path, start, end, new
        self.line = text.count("\n", 0, start) + 1
        self.lines = lines  # of the whole statement, as (first, last)
        first = text.rfind("\n", 0, start) + 1
        last = text.find("\n", end)
        self.above = [" ".join(line.split()) for line in text[:first].splitlines()[-3:]]
        self.before = " ".join(text[first:last].split())
        self.after = " ".join((text[first:start] + new + text[end:last]).split())

    def applied(self, text):
        return text[:self.start] + self.new + text[self.end:]


def bumped(number, up):
    digits = number.rstrip("uUlL")
    value = int(digits, 0) if not re.fullmatch(r"0[0-7]+", digits) else int(digits, 8)
    value = value + 1 if up or value == 0 else value - 1
    if digits.lower().startswith("0x"):
        digits_new = hex(value)
    elif re.fullmatch(r"0[0-7]+", digits):
        digits_new = "0%o" % value
    else:
        digits_new = str(value)
    return digits_new + number[len(digits):]


def is_operand(token):
    """May a binary operator follow?"""
    if token.kind == "word":
        return token.text not in ("return", "case")
    return token.kind == "number" or token.text in (")", "]")


def swallows(tokens, i):
    """`return err_set(...)` or `return -E...`."""
    if tokens[i].text != "return":
        return False
    after = tokens[i + 1].text
    return after == "err_set" or (after == "-" and tokens[i + 2].text.startswith("E"))


def changes_of(path, text):
    tokens = tokens_of(text)
    inside = function_depths(tokens)
    found = []

    def line_at(offset):
        return text.count("\n", 0, offset) + 1

    def add(start, end, new):
        first, last = i, i
        while first > 0 and tokens[first - 1].text not in ENDS_A_STATEMENT:
            first -= 1
        while last + 1 < len(tokens) and tokens[last].text not in ENDS_A_STATEMENT:
            last += 1
        lines = (line_at(tokens[first].start), max(line_at(end), line_at(tokens[last].start)))
        found.append(Change(path, start, end, new, text, lines))

    for i, t in enumerate(tokens):
        before = tokens[i - 1].text if i else ""
        after = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if t.kind == "op" and inside[i]:
            if t.text in SWAPS:
                add(t.start, t.end, SWAPS[t.text])
            elif t.text == "!":
                add(t.start, t.end, "")
            elif t.text in "+-" and is_operand(tokens[i - 1]):
                add(t.start, t.end, "-" if t.text == "+" else "+")
            elif t.text == "|=":
                add(t.start, t.end, "=")
        elif t.kind == "word" and t.text in ("true", "false"):
            add(t.start, t.end, "false" if t.text == "true" else "true")
        elif t.kind == "number":
            if before == "return" and after == ";" and t.text == "0":
                add(t.start, t.end, "-1")
            elif not (before == "{" and after == "}"):
                add(t.start, t.end, bumped(t.text, t.start % 2 == 0))
        if not inside[i] or t.kind not in ("word", "op"):
            continue
        if t.text == "TRY" and after == "(":
            last = partner(tokens, i + 1)
            add(t.start, tokens[last].end, "(void)" + text[tokens[i + 1].start:tokens[last].end])
        elif swallows(tokens, i):
            add(tokens[i + 1].start, tokens[end_of_statement(tokens, i)].start, "0")
        elif t.text == "break" and after == ";":
            add(t.start, t.end, "")
        elif t.text == "continue" and after == ";":
            add(t.start, t.end, "break")
        elif begins_statement(tokens, i) and end_of_statement(tokens, i):
            add(t.start, tokens[end_of_statement(tokens, i)].start, "")
    return found
