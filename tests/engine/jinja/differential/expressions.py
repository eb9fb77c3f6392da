"""Random expressions, mostly of the types that they are used with."""
import builtins_table as table
import values

TYPES = ["int", "float", "str", "list", "dict", "bool"]
OF_METHODS = {"str": table.STRING_METHODS, "list": table.LIST_METHODS,
              "dict": table.DICT_METHODS, "int": table.INTEGER_METHODS,
              "float": table.FLOAT_METHODS, "tuple": table.TUPLE_METHODS,
              "range": table.RANGE_METHODS}
ARITHMETIC = ["+", "-", "*", "/", "//", "%"]
COMPARE = ["==", "!=", "<", "<=", ">", ">=", "in", "not in"]
PERCENT = ["%s", "%r", "%d", "%i", "%5d", "%-5d|", "%05d", "%+d", "% d", "%x", "%X", "%#x", "%o",
           "%#o", "%e", "%.2e", "%E", "%f", "%.0f", "%.3f", "%08.2f", "%+.1f", "%g", "%G", "%.3g",
           "%#g", "%c", "%10s", "%-10s|", "%.2s", "%5.1s", "%a", "%.4d", "%u", "%%", "%(name)s",
           "%(id)d", "%*d", "%.*f", "%", "%y", "%s %s", "%d%%", "%ld", "%s-%(x)s", "%5%"]
SPECS = ["", "5", ">5", "<5", "^5", "*^9", "=6", "05", "+", " ", "-", "d", "x", "X", "#x", "o", "#o",
         "b", "#b", "#010b", "c", ",", "_", "_x", ",d", ",.2f", ".2f", ".0f", "#.0f", "e", ".3e",
         "E", "g", ".3g", "G", "#g", "%", ".1%", "n", "s", ".2s", "10s", ">10.3s", "é>6", "08.3f",
         "+.1f", "+08d", "z.1f", "010,", "012,.2f", "012_x", "<08", "y", "5.", "..", "1.5d", "=5s",
         ".3", "10.3", "F", ".5n"]
FIELDS = ["{}", "{!r}", "{!s}", "{!a}", "{0}", "{1}", "{0!r}", "{x}", "{0[a]}", "{0.a}", "{0[0]}",
          "{{}}", "{", "}", "{} {}", "{0} {}", "{x!r:>10}", "{:{}}", "{0:{1}}", "{!x}", "{0[}", "{.a}"]

ATTRIBUTES = ["real", "imag", "numerator", "denominator", "start", "stop", "step", "upper", "items",
              "keys", "append", "pop", "one", "a", "b", "id", "name", "__class__", "__len__", "_x", "0",
              "index", "count", "grouper", "list", "first", "length", "z", "copy", "fromkeys"]


class Expressions:
    """Makes expressions with a random source. `scope` has further names of any type."""

    def __init__(self, rng):
        self.rng = rng
        self.scope = []

    def chance(self, probability):
        return self.rng.random() < probability

    def generate(self, kind, depth=2):
        """Returns an expression that probably has the type `kind`."""
        if hasattr(self, "arg_" + kind):
            return getattr(self, "arg_" + kind)(depth)
        if self.chance(0.06):
            kind = self.rng.choice(TYPES + ["none", "undefined", "tuple"])
        if depth <= 0 or self.chance(0.3):
            return self.atom(kind)
        return getattr(self, "make_" + kind, self.atom)(*((depth,) if hasattr(self, "make_" + kind)
                                                         else (kind,)))

    def arg_any(self, depth):
        return self.generate(self.rng.choice(TYPES + ["tuple", "none", "undefined", "range"]), depth)

    def atom(self, kind):
        if self.scope and self.chance(0.2):
            return self.rng.choice(self.scope)
        if kind in values.OF_TYPE and self.chance(0.55):
            return self.rng.choice(values.OF_TYPE[kind])
        if kind == "int":
            return values.literal(self.rng.choice(values.INTEGERS))
        if kind == "float":
            return values.literal(self.rng.choice(values.FLOATS))
        if kind == "str":
            return values.quote(self.rng.choice(values.WORDS))
        if kind == "bool":
            return self.rng.choice(["true", "false", "True", "False"])
        if kind == "none":
            return self.rng.choice(["none", "None"])
        if kind == "undefined":
            return "missing"
        if kind == "range":
            return self.rng.choice(["range(3)", "range(1, 8, 3)", "range(5, 0, -2)", "range(0)"])
        items = [values.scalar(self.rng) for _ in range(self.rng.randrange(4))]
        if kind == "dict":
            keys = self.rng.sample(values.WORDS + [1, 2.5, None, True, 2**64], len(items))
            return values.literal(dict(zip(keys, items)))
        return values.literal(tuple(items) if kind == "tuple" else items)

    # Expressions of a type.

    def make_int(self, depth):
        rng, sub = self.rng, lambda kind: self.generate(kind, depth - 1)
        kind = rng.randrange(9)
        if kind < 3:
            return f"({sub('int')} {rng.choice(['+', '-', '*', '//', '%'])} {sub('int')})"
        if kind == 3:
            return f"({rng.choice(['-', '+'])}{sub('int')})"
        if kind == 4:
            return f"({sub('int')} ** {rng.choice([0, 1, 2, 3, 5, 20])})"
        if kind == 5:
            return f"({sub(rng.choice(['str', 'list', 'dict']))}|length)"
        if kind == 6:
            return f"({self.arg_any(depth - 1)}|int)"
        if kind == 7:
            return self.method(rng.choice(["int", "str", "list", "tuple", "range", "float"]), depth)
        return f"({sub('list')}|sum)"

    def make_float(self, depth):
        rng, sub = self.rng, lambda kind: self.generate(kind, depth - 1)
        kind = rng.randrange(6)
        if kind < 3:
            return (f"({sub(rng.choice(['int', 'float']))} {rng.choice(ARITHMETIC)} "
                    f"{sub(rng.choice(['float', 'int']))})")
        if kind == 3:
            return f"({sub('float')} ** {rng.choice([2, 0.5, -1, 3, -2, 0])})"
        if kind == 4:
            return f"({sub('float')}|round({rng.choice([0, 1, 2, 3, -1, -2])}))"
        return f"({sub('str')}|float)"

    def make_str(self, depth):
        rng, sub = self.rng, lambda kind: self.generate(kind, depth - 1)
        kind = rng.randrange(14)
        if kind < 5:
            return self.method("str", depth)
        if kind == 5:
            return f"({sub('str')} + {sub('str')})"
        if kind == 6:
            return f"({self.arg_any(depth - 1)} ~ {self.arg_any(depth - 1)})"
        if kind == 7:
            return f"({sub('str')} * {rng.choice(values.SMALL)})"
        if kind == 8:
            return f"{sub('str')}[{self.slice()}]"
        if kind == 9:
            return self.percent(depth)
        if kind == 10:
            return self.braces(depth)
        if kind == 11:
            return self.filtered(rng.choice(TYPES), depth)
        if kind == 12:
            return f"{sub('str')}[{self.arg_index(depth)}]"
        return f"({sub('str')} if {sub('bool')} else {sub('str')})"

    def make_bool(self, depth):
        rng, sub = self.rng, lambda kind: self.generate(kind, depth - 1)
        kind = rng.randrange(8)
        if kind < 3:
            first = rng.choice(TYPES + ["tuple"])
            second = first if self.chance(0.6) else rng.choice(TYPES + ["tuple", "none"])
            tail = f" {rng.choice(COMPARE)} {sub(second)}" if self.chance(0.15) else ""
            return f"({sub(first)} {rng.choice(COMPARE)} {sub(second)}{tail})"
        if kind == 3:
            return f"({sub('bool')} {rng.choice(['and', 'or'])} {self.arg_any(depth - 1)})"
        if kind == 4:
            return f"(not {self.arg_any(depth - 1)})"
        if kind == 5:
            negated = rng.choice(["", "not "])
            return f"({self.arg_any(depth - 1)} is {negated}{rng.choice(table.TESTS)})"
        if kind == 6:
            argument = self.arg_any(depth - 1)
            return f"({self.arg_any(depth - 1)} is {self.test_name()}({argument}))"
        return self.method("str", depth)

    def make_list(self, depth):
        rng, sub = self.rng, lambda kind: self.generate(kind, depth - 1)
        kind = rng.randrange(9)
        if kind < 2:
            inner = ", ".join(self.arg_any(depth - 1) for _ in range(rng.randrange(4)))
            return f"[{inner}]"
        if kind == 2:
            return f"({sub('list')} + {sub('list')})"
        if kind == 3:
            return f"({sub('list')} * {rng.choice([0, 1, 2, 3, -1])})"
        if kind == 4:
            return f"{sub('list')}[{self.slice()}]"
        if kind < 7:
            return self.filtered(rng.choice(["list", "list", "dict", "str"]), depth)
        if kind == 7:
            return f"({self.filtered('list', depth)}|list)"
        return self.method(rng.choice(["str", "list", "dict"]), depth)

    def make_undefined(self, depth):
        value = self.arg_any(depth - 1)
        return self.rng.choice([
            f"({value}).{self.rng.choice(ATTRIBUTES)}", f"({value})['{self.rng.choice(ATTRIBUTES)}']",
            f"({value})[{self.arg_any(depth - 1)}]", f"({value})|first", f"({value})|last",
            f"({value})|attr('{self.rng.choice(ATTRIBUTES)}')", f"({value})[{self.slice()}]"])

    def make_dict(self, depth):
        rng = self.rng
        if self.chance(0.3):
            return f"dict({self.atom('dict')}, x={self.arg_any(depth - 1)})"
        pairs = ", ".join(f"{self.generate(rng.choice(['str', 'int']), 0)}: {self.arg_any(depth - 1)}"
                          for _ in range(rng.randrange(4)))
        return "{" + pairs + "}"

    def make_tuple(self, depth):
        inner = [self.arg_any(depth - 1) for _ in range(self.rng.randrange(4))]
        return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"

    def make_range(self, depth):
        rng = self.rng
        if self.chance(0.3):
            return f"{self.atom('range')}[{self.slice()}]"
        arguments = ", ".join(str(rng.choice(values.SMALL)) for _ in range(rng.randrange(1, 4)))
        return f"range({arguments})"

    # Calls.

    def call(self, entry, depth):
        """Returns the name and the arguments of an entry of builtins_table."""
        name, *parameters = entry.split()
        positional, named, by_name = [], [], False
        for parameter in parameters:
            optional = parameter.startswith("?")
            if optional and self.chance(0.45):
                by_name = True
                continue
            key, kind = parameter.lstrip("?").split(":", 1)
            if key.endswith("="):
                key, by_name = key[:-1], True
            if by_name and not key:
                break
            argument = self.generate(kind, depth - 2)
            if key and (by_name or self.chance(0.25)):
                by_name = True
                named.append(f"{key}={argument}")
            else:
                positional.append(argument)
        if self.chance(0.01):
            positional.append(self.arg_any(0))
        return name, positional + named

    def method(self, kind, depth):
        name, arguments = self.call(self.rng.choice(OF_METHODS[kind]), depth)
        receiver = self.generate(kind, depth - 1)
        if kind in ("int", "float"):
            receiver = f"({receiver})"
        return f"{receiver}.{name}({', '.join(arguments)})"

    def filtered(self, kind, depth):
        name, arguments = self.call(self.rng.choice(table.FILTERS.get(kind, table.FILTERS["int"])),
                                    depth)
        if arguments and self.chance(0.03):
            arguments = [f"*[{', '.join(a for a in arguments if '=' not in a)}]"]
        arguments = f"({', '.join(arguments)})" if arguments else ""
        text = f"{self.generate(kind, depth - 1)}|{name}{arguments}"
        consumers = {"map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "unique",
                     "reverse", "items"}
        if name in consumers and self.chance(0.9):
            text += self.rng.choice(["|list", "|list", "|join(',')", "|first", "|string|length",
                                     "|tojson", "|length", "|sort|list", "|list|last"])
        return f"({text})"

    def percent(self, depth):
        fields = self.rng.choice(PERCENT)
        if self.chance(0.3):
            fields += " " + self.rng.choice(PERCENT)
        kind = self.rng.randrange(4)
        argument = (self.generate(self.rng.choice(["int", "float", "str", "dict", "list"]), depth - 1)
                    if kind < 3 else self.make_tuple(depth))
        return f"({values.quote(fields)} % {argument})"

    def braces(self, depth):
        fields = self.rng.choice(FIELDS)
        if self.chance(0.6):
            fields = "{" + self.rng.choice(["", "0", "x"]) + ":" + self.rng.choice(SPECS) + "}"
        arguments = [self.generate(self.rng.choice(["int", "float", "str", "any"]), depth - 1)
                     for _ in range(self.rng.randrange(3))]
        if "x" in fields or self.chance(0.1):
            arguments.append(f"x={self.arg_any(depth - 1)}")
        return f"{values.quote(fields)}.format({', '.join(arguments)})"

    # Kinds of arguments.

    def slice(self):
        bound = lambda: self.rng.choice(["", "0", "1", "2", "-1", "-3", "5", "99", "none", "i"])
        step = self.rng.choice(["", "", ":", ":2", ":-1", ":-2", ":3", ":0"])
        return f"{bound()}:{bound()}{step}"

    def arg_index(self, _depth):
        return self.rng.choice(["0", "1", "2", "3", "-1", "-2", "5", "99", "-99", "none", "i", "true"])

    def arg_small(self, _depth):
        return self.rng.choice(["0", "1", "2", "3", "5", "9", "-1", "-2", "none", "i", "true"])

    def arg_width(self, _depth):
        return self.rng.choice(["0", "1", "4", "7", "10", "11", "20", "-1", "i"])

    def arg_part(self, depth):
        if self.chance(0.05):
            return self.arg_any(0)
        return values.quote(self.rng.choice(values.SHORT)) if self.chance(0.8) else self.atom("str")

    arg_short = arg_part

    def arg_parts(self, depth):
        if self.chance(0.3):
            parts = [self.arg_part(depth) for _ in range(self.rng.randrange(3))]
            return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        return self.arg_part(depth)

    def arg_fill(self, _depth):
        return values.quote(self.rng.choice(["*", " ", "-", "é", "中", "ab", "", "0"]))

    def arg_chars(self, _depth):
        return self.rng.choice(["' '", "'a'", "'abc'", "'中 é'", "none", "''", "'.-'", "1"])

    def arg_separator(self, depth):
        return "none" if self.chance(0.25) else self.arg_part(depth)

    def arg_strings(self, depth):
        return self.rng.choice(["ls", "['a', 'b']", "s", "('x',)", "[]", "li", "d", "ls|map('upper')"])

    def arg_table(self, _depth):
        return self.rng.choice(["{97: 'X'}", "{97: none, 98: 'yy'}", "{99: 100}", "'abc'", "[1, 2]",
                                "'a'.maketrans('abc', 'xyz')", "'a'.maketrans('ab', 'xy', 'c')",
                                "'a'.maketrans({'a': 'b', 'c': none})"])

    def arg_key(self, depth):
        return self.rng.choice(["'one'", "'b'", "'z'", "'absent'", "1", "none", "true", "1.0", "(1, 2)",
                                "[1]", self.atom("str")])

    def arg_indent(self, _depth):
        return self.rng.choice(["0", "1", "2", "4", "'--'", "'\\t'", "none", "-1", "true"])

    def arg_method(self, _depth):
        return self.rng.choice(["'common'", "'ceil'", "'floor'", "'other'"])

    def arg_base(self, _depth):
        return self.rng.choice(["2", "8", "10", "16", "36", "0", "1", "3"])

    def arg_by(self, _depth):
        return self.rng.choice(["'key'", "'value'", "'other'"])

    def arg_separators(self, _depth):
        return self.rng.choice(["none", "(',', ':')", "[', ', ' = ']", "('', '')", "',:'", "(',',)"])

    def arg_attribute(self, _depth):
        return self.rng.choice(["'id'", "'name'", "'v'", "'role'", "'tags'", "'tags.0'", "'absent'", "0",
                                "1", "'0'", "'name.0'", "none", "'upper'", "'items'", "-1"])

    def arg_attributes(self, depth):
        return "'role,id'" if self.chance(0.2) else self.arg_attribute(depth)

    def arg_filter(self, _depth):
        return f"'{self.rng.choice(table.UNARY_FILTERS)}'"

    def arg_filter1(self, _depth):
        return f"'{self.rng.choice(table.ARGUMENT_FILTERS)}'"

    def arg_test(self, _depth):
        return f"'{self.rng.choice(table.TESTS + ['notest'])}'"

    def arg_compare(self, _depth):
        return f"'{self.rng.choice(table.COMPARISONS)}'"

    def test_name(self):
        names = [name for name in table.COMPARISONS if name.isalpha()]
        return self.rng.choice(names)
