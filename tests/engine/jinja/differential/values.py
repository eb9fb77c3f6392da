"""Random values, as literals of a template and as variables of its context."""

INTEGERS = [
    0, 1, 2, 3, 4, 5, 7, 10, 12, 80, 100, 255, 1000, -1, -2, -3, -7, -10, -100, 2**31, 2**53 + 1,
    2**63 - 1, -2**63, 2**63, 2**64 - 1, 2**64, 10**30, -10**25 - 7]
SMALL = [0, 1, 2, 3, 4, 5, 6, 8, 10, -1, -2, -3, -5]
FLOATS = [
    0.0, 1.0, 1.5, 2.5, -0.5, -2.5, 0.1, 3.14159, 2.675, 1e16, 1e15, 123456789.125, 1e22, 1e-5,
    0.0001, -1e100, 5e-324, 1.7976931348623157e308, 100.0, 1234.5678, -7.25, 0.5]
WORDS = [
    "", " ", "a", "b", "abc", "abcabc", "Hello World", "hello", "HELLO", "  padded\t", "a,b,,c",
    "line one\nline two\n\nline four", "x\r\ny\rz", "12", "-7", "3.5", "1e3", "0x1F", "1_000", "٣",
    "²", "½", "中", "中文字", "straße", "ǅ", "ΑΣ", "İi", "ﬁn", "é", "e\u0301", "👋🏽 hi",
    "\u00a0nbsp\u3000", "<b>&'\"</b>", "it's", "tab\there", "\x00\x1f\x7f", "\u200b", "a-b c(d) [e]",
    "key", "name", "role", "The quick brown fox jumps over the lazy dog", "%s", "%d-%s", "{}",
    "{0} {x}", "aXbXc", "trailing ", "Title Case Words", "snake_case_name", "CamelCase", "9lives",
    "_private", "a.b.c", "0", "nan", "inf", "None", "True", "\\", "\u2028sep", "ſ", "ß", "ŉ",
    "user", "assistant", "http://example.com/?q=a b&c=d", "Zebra", "apple", "Äpfel", "10", "9"]
SHORT = ["a", "b", "ab", "x", " ", ",", "", "-", "A", "é", "中", "l", "o", "\n", "abc", "0", "."]
NAMES = ["i", "n", "big", "f", "s", "t", "u", "flag", "no", "nothing", "missing", "li", "lf", "ls",
         "lx", "lm", "ll", "d", "dd", "deep", "chat", "empty", "el", "ed"]
OF_TYPE = {
    "int": ["i", "n", "big", "deep.n", "lm[0].id", "d.one", "li[0]", "ll[1][0]"],
    "float": ["f", "lf[0]", "deep.f"],
    "str": ["s", "t", "u", "ls[0]", "lm[0].name", "chat[0].content", "deep.s", "empty"],
    "list": ["li", "lf", "ls", "lx", "lm", "ll", "el", "chat", "deep.list"],
    "dict": ["d", "dd", "deep", "lm[0]", "lm[1]", "ed", "chat[0]"],
    "bool": ["flag", "no"],
    "none": ["nothing"],
    "undefined": ["missing", "d.absent", "li[99]", "deep.a"],
}


def quote(text):
    """Returns a literal for a template."""
    out = []
    for c in text:
        if c in "\\'":
            out.append("\\" + c)
        elif c == "\n":
            out.append("\\n")
        elif c == "\r":
            out.append("\\r")
        elif c == "\t":
            out.append("\\t")
        elif ord(c) < 0x20 or ord(c) == 0x7f:
            out.append(f"\\x{ord(c):02x}")
        else:
            out.append(c)
    return "'" + "".join(out) + "'"


def literal(value):
    """Returns the expression that evaluates to `value`."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, (list, tuple)):
        inner = ", ".join(literal(item) for item in value)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text or "e" not in text else text.replace("e", ".0e")
    return str(value)


def scalar(rng):
    kind = rng.randrange(10)
    if kind < 4:
        return rng.choice(WORDS)
    if kind < 7:
        return rng.choice(INTEGERS)
    return rng.choice(FLOATS) if kind < 9 else rng.choice([True, False, None])


def context(rng):
    """Returns random variables. The names always have the same types."""
    def record():
        return {"id": rng.choice(SMALL), "name": rng.choice(WORDS), "v": scalar(rng),
                "tags": rng.sample(WORDS, rng.randrange(3)), "role": rng.choice(["user", "Tool"])}

    return {
        "i": rng.choice(SMALL), "n": rng.choice(INTEGERS), "big": rng.choice(INTEGERS[-9:]),
        "f": rng.choice(FLOATS), "s": rng.choice(WORDS), "t": rng.choice(WORDS),
        "u": rng.choice(WORDS), "flag": rng.random() < 0.5, "no": False, "nothing": None,
        "li": [rng.choice(SMALL) for _ in range(rng.randrange(1, 7))],
        "lf": [rng.choice(FLOATS) for _ in range(rng.randrange(1, 5))],
        "ls": [rng.choice(WORDS) for _ in range(rng.randrange(1, 7))],
        "lx": [scalar(rng) for _ in range(rng.randrange(5))],
        "lm": [record() for _ in range(rng.randrange(2, 5))],
        "ll": [[1, 2], [rng.choice(SMALL), 4], []],
        "d": {"one": 1, "b": rng.choice(WORDS), "A": scalar(rng), "z": [1], "items": 3, "pop": 4},
        "dd": {rng.choice(WORDS): scalar(rng) for _ in range(4)},
        "deep": {"n": rng.choice(INTEGERS), "f": rng.choice(FLOATS), "s": rng.choice(WORDS),
                 "list": [scalar(rng) for _ in range(3)], "d": {"x": {"y": scalar(rng)}}},
        "chat": [{"role": rng.choice(["system", "user"]), "content": rng.choice(WORDS)},
                 {"role": "user", "content": rng.choice(WORDS)}],
        "empty": "", "el": [], "ed": {},
    }
