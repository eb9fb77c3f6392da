"""Random templates: statements, scopes, macros and whitespace control."""
import random

import expressions
import values


class Templates:
    """Makes one template."""

    def __init__(self, rng):
        self.rng = rng
        self.expressions = expressions.Expressions(rng)
        self.macros = []
        self.loops = 0

    def chance(self, probability):
        return self.rng.random() < probability

    def expression(self, kind=None, depth=2):
        if kind is None:
            return self.expressions.arg_any(depth)
        return self.expressions.generate(kind, depth)

    def tag(self, body):
        left = self.rng.choice(["{%", "{%", "{%", "{%-", "{%+"])
        right = self.rng.choice(["%}", "%}", "%}", "-%}", "+%}"])
        return f"{left} {body} {right}"

    def text(self):
        return self.rng.choice(["", "", "a", " ", "\n", "  \n", "\n  ", "x\n", "é ", "|", "\t\n\n ",
                                "\r\n", "{ % } ", "\u00a0\n", " b"])

    def output(self):
        left, right = self.rng.choice([("{{ ", " }}"), ("{{ ", " }}"), ("{{- ", " -}}"), ("{{", "}}")])
        expression = self.expression(None if self.chance(0.3) else
                                     self.rng.choice(["str", "list", "int", "float", "bool", "dict"]),
                                     self.rng.choice([1, 2, 2, 3]))
        if left == "{{" and expression.startswith(("{", "-", "+")):
            left = "{{ "
        if right == "}}" and expression.endswith("}"):
            right = " }}"
        return left + expression + right

    def body(self, depth):
        scope = list(self.expressions.scope)
        macros = list(self.macros)
        parts = [self.text() if self.chance(0.3) else self.statement(depth - 1)
                 for _ in range(self.rng.randrange(1, 4))]
        self.expressions.scope, self.macros = scope, macros
        return "".join(parts)

    def statement(self, depth):
        if depth <= 0 or self.chance(0.4):
            return self.output()
        kind = self.rng.choice(["if", "for", "for", "set", "set", "set_block", "filter", "with", "macro",
                                "call", "use_macro", "namespace", "comment", "raw", "generation",
                                "helper", "print", "scoped_set", "recursive"])
        return getattr(self, "make_" + kind)(depth)

    def make_if(self, depth):
        out = self.tag(f"if {self.expression('bool')}") + self.body(depth)
        if self.chance(0.3):
            out += self.tag(f"elif {self.expression()}") + self.body(depth)
        if self.chance(0.5):
            out += self.tag("else") + self.body(depth)
        return out + self.tag("endif")

    def loop_uses(self):
        return self.rng.choice([
            "{{ loop.index }}", "{{ loop.index0 }}", "{{ loop.revindex }}", "{{ loop.revindex0 }}",
            "{{ loop.first }}", "{{ loop.last }}", "{{ loop.length }}", "{{ loop.depth }}",
            "{{ loop.depth0 }}", "{{ loop.previtem }}", "{{ loop.nextitem }}",
            "{{ loop.cycle('a', 'b', 3) }}", "{{ loop.changed(x) }}", "{{ loop.changed(x, 1) }}",
            "{{ loop }}", "{{ loop.absent is defined }}", "{{ loop|length }}", "{{ loop.cycle() }}",
            "{{ 'last' if loop.last else ',' }}", "{{ loop.previtem is defined }}", "{{ loop['index'] }}",
            "{% if loop.index == 2 %}{% break %}{% endif %}",
            "{% if loop.first %}{% continue %}{% endif %}", "{% if x %}{% continue %}{% endif %}"])

    def make_for(self, depth):
        target, names = self.rng.choice([("x", ["x"]), ("x", ["x"]), ("x", ["x"]), ("x, y", ["x", "y"]),
                                         ("(x, y)", ["x", "y"]), ("i", ["i"])])
        source = (self.rng.choice(["d.items()", "dd|dictsort", "dd.items()", "ll", "['ab', 'cd']",
                                   "lm|groupby('role')"])
                  if len(names) == 2 else
                  self.rng.choice(["li", "ls", "lm", "s", "d", "range(4)", "chat", "missing",
                                   "ls|map('upper')", "li|select", "(1, 2, 3)", "li|batch(2)",
                                   "[1, 1, 2]", self.expression("list")]))
        test = ""
        if self.chance(0.2):
            test = f" if {self.rng.choice(['x', 'x is string', 'x != 1', 'i', 'loop is defined'])}"
        out = self.tag(f"for {target} in {source}{test}")
        scope = list(self.expressions.scope)
        self.expressions.scope = scope + names
        self.loops += 1
        inner = self.body(depth)
        if self.chance(0.5):
            inner += self.loop_uses()
        if self.chance(0.3):
            inner += "{% set acc = x %}{{ acc }}"
        self.loops -= 1
        self.expressions.scope = scope
        out += inner
        if self.chance(0.25):
            out += self.tag("else") + self.body(depth)
        return out + self.tag("endfor")

    def make_recursive(self, depth):
        body = self.rng.choice(["{{ x.id }}{{ loop.depth }}", "{{ x }}:{{ loop.index }}/{{ loop.length }}"])
        inner = self.rng.choice(["{% if x is not number and x is not string %}[{{ loop(x) }}]{% endif %}",
                                 "{% if x.kids %}({{ loop(x.kids) }}){% endif %}"])
        tree = "[{'id': 1, 'kids': [{'id': 2, 'kids': []}, {'id': 3}]}, {'id': 4}]"
        source = self.rng.choice(["ll", "[1, [2, [3, 4]], 5]", tree])
        return (self.tag(f"for x in {source} recursive") + body + inner +
                self.rng.choice(["", self.tag("else") + "none"]) + self.tag("endfor"))

    def make_set(self, depth):
        name = self.rng.choice(["v", "w", "x", "s", "i"])
        if self.chance(0.15):
            out = self.tag(f"set v, w = {self.rng.choice(['1, 2', 'll[0]', 's', '[1]', 'd.items()'])}")
            self.expressions.scope += ["v", "w"]
            return out
        out = self.tag(f"set {name} = {self.expression()}")
        self.expressions.scope.append(name)
        return out

    def make_set_block(self, depth):
        filters = self.rng.choice(["", "", " | upper", " | trim | length", "|replace('a', 'b')"])
        out = self.tag(f"set v{filters}") + self.body(depth) + self.tag("endset")
        self.expressions.scope.append("v")
        return out + "[{{ v }}]"

    def make_scoped_set(self, depth):
        name = self.rng.choice(["q", "s", "i"])
        use = "{{ " + name + " }}"
        parts = [use, f"{{% set {name} = {self.rng.choice(['1', 's', 'loop', 'li'])} %}}",
                 "{% if flag %}{% set " + name + " = 'if' %}{% endif %}",
                 "{% for x in [1, 2] %}" + use + "{% set " + name + " = x %}" + use + "{% endfor %}",
                 "{% macro m2() %}" + use + "{% endmacro %}{{ m2() }}", "{{ m2() if m2 is defined }}",
                 "{% with " + name + " = 'with' %}" + use + "{% endwith %}"]
        self.rng.shuffle(parts)
        return "".join(parts[:self.rng.randrange(3, 7)])

    def make_filter(self, depth):
        name = self.rng.choice(["upper", "trim", "indent(2)", "replace('a', 'b') | title", "length",
                                "indent(width=3, first=true)", "wordcount", "list", "default('x')"])
        return self.tag(f"filter {name}") + self.body(depth) + self.tag("endfilter")

    def make_with(self, depth):
        scope = list(self.expressions.scope)
        out = self.tag(f"with x = {self.expression()}, y = {self.rng.choice(['x', '1', 's'])}")
        self.expressions.scope = scope + ["x", "y"]
        out += self.body(depth)
        self.expressions.scope = scope
        return out + self.tag("endwith")

    def make_macro(self, depth):
        name = self.rng.choice(["m", "mm", "m2"])
        signature = self.rng.choice(["", "a", "a, b", "a, b=2", "a=1, b=a", "a, caller=none", "a, b=s"])
        scope = list(self.expressions.scope)
        self.expressions.scope = scope + [part.split("=")[0].strip() for part in signature.split(",")
                                          if part]
        body = self.body(depth)
        body += self.rng.choice(["", "", "{{ varargs }}", "{{ kwargs }}", "{{ varargs }}{{ kwargs }}",
                                 "{{ caller() }}", "{{ caller(1, 2) }}", "{{ caller is defined }}",
                                 "{{ a }}", "{{ a }}{{ b }}", "{{ caller() if caller else 'none' }}"])
        self.expressions.scope = scope
        self.macros.append(name)
        return self.tag(f"macro {name}({signature})") + body + self.tag("endmacro")

    def arguments(self):
        parts = [self.expression(depth=1) for _ in range(self.rng.randrange(3))]
        if self.chance(0.2):
            parts.append("*" + self.rng.choice(["li", "s", "[]", "(1, 2)"]))
        if self.chance(0.2):
            parts.append("b=" + self.expression(depth=1))
        if self.chance(0.1):
            parts.append("zz=1")
        if self.chance(0.1):
            parts.append("**" + self.rng.choice(["d", "{'a': 1}", "{'b': 2}", "ed", "{'c': 1}"]))
        return ", ".join(parts)

    def macro_name(self):
        if not self.macros:
            return None
        return self.rng.choice(self.macros)

    def make_use_macro(self, depth):
        name = self.macro_name()
        if name is None:
            return self.make_macro(depth)
        if self.chance(0.2):
            return "{{ " + name + self.rng.choice([".name", ".arguments", ".catch_kwargs", ".caller",
                                                   ".catch_varargs", ".explicit_caller", ".absent", "",
                                                   " is callable"]) + " }}"
        return "{{ " + f"{name}({self.arguments()})" + " }}"

    def make_call(self, depth):
        name = self.macro_name()
        if name is None:
            return self.make_macro(depth)
        signature = self.rng.choice(["", "", "(p)", "(p, q)", "(p, q=2)"])
        scope = list(self.expressions.scope)
        self.expressions.scope = scope + [c for c in "pq" if c in signature]
        body = self.body(depth)
        self.expressions.scope = scope
        return (self.tag(f"call{signature} {name}({self.arguments()})") + body + self.tag("endcall"))

    def make_namespace(self, depth):
        out = self.tag(f"set ns = namespace({self.rng.choice(['', 'c=0', 'd', 'ed, c=s', '[(1, 2)]'])})")
        for _ in range(self.rng.randrange(1, 3)):
            assign = f"set ns.c = {self.rng.choice(['1', 'x', 's', 'ns.c', '[ns.c]', 'loop.index'])}"
            out += self.rng.choice([
                "{% for x in [1, 2, 3] %}{% " + assign + " %}{% endfor %}", self.tag(assign),
                "{{ ns.c }}{{ ns['c'] }}", "{% set ns.c, w = 5, 6 %}", "{{ ns.absent is defined }}",
                "{% for x in li if ns.c != x %}{% set ns.c = x %}{{ x }}{% endfor %}", "{{ ns }}"])
        return out + "{{ ns.c }}"

    def make_comment(self, depth):
        return self.rng.choice(["{# c #}", "{#- c -#}", "  {# c #}\n", "{#+ c +#}", "{# {{ x }} #}", "{##}"])

    def make_raw(self, depth):
        return (self.rng.choice(["{% raw %}", "{%- raw -%}", "{% raw -%}"]) +
                self.rng.choice(["{{ x }}", " {% if %} ", "\n text \n", ""]) +
                self.rng.choice(["{% endraw %}", "{%- endraw -%}", "{%+ endraw +%}"]))

    def make_generation(self, depth):
        return self.tag("generation") + self.body(depth) + self.tag("endgeneration")

    def make_print(self, depth):
        return self.tag(f"print {self.expression()}, {self.expression()}")

    def make_helper(self, depth):
        return self.rng.choice([
            "{% set c = cycler('a', 'b', 3) %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}"
            "{{ c.next() }}{% set _ = c.reset() %}{{ c.current }}",
            "{% set j = joiner() %}{% for x in li %}{{ j() }}{{ x }}{% endfor %}",
            "{% set j = joiner('|') %}{{ j() }}a{{ j() }}b{{ j() }}", "{{ cycler() }}",
            "{{ dict(a=1, b=li) }}{{ dict([('x', 1), (2, 3)]) }}", "{{ dict.fromkeys(ls, 0) }}",
            "{{ range(i) }}{{ range(1, 5)|list }}{{ range(i).start }}", "{{ raise_exception('stop') }}",
            "{{ namespace(a=1).a }}", "{{ lm|map(attribute='name')|map('upper')|join(', ') }}",
            "{{ li|groupby(0) }}", "{% for g in lm|groupby('role') %}{{ g.grouper }}{{ g.list|length }}"
            "{{ g[0] }}{{ g }}{% endfor %}", "{{ lm|selectattr('id')|map(attribute='id')|list }}",
            "{{ d.keys() == d.keys() }}{{ d.items()|list }}{{ d.values() }}{{ d.keys() }}",
            "{{ ('a' 'b') }}{{ 1.0e3 }}{{ 0x1f }}{{ 0b11 }}{{ 0o17 }}{{ 1_000 }}",
            "{{ li[0], li[-1] }}", "{{ (li)[1:]|first }}", "{{ lm[0]['name'].upper()[0] }}",
            "{{ -7 // 2, -7 % 3, 7 // -2, 2 ** -1, 7.5 // 2, -7.5 % 2 }}",
            "{{ 1 if false }}|{{ (1 if false) is defined }}", "{{ d.items }}", "{{ d['items'] }}",
            "{{ d.pop is defined }}{{ d['pop'] }}", "{{ s.upper is callable }}{{ missing is callable }}",
            "{{ s|safe ~ '<' }}{{ (s|e) + '<' }}{{ ('<'|e) * 2 }}{{ s|e|upper }}",
            "{{ 'é\\n\\t\\u4e2d\\x41\\\\' }}{{ \"it's\" }}{{ 'q\\'q' }}",
            "{{ [1, 2, 3] | map('string') | join('-') | replace('-', '+') }}",
            "{{ strftime_now('%Y %m %d %B %b %A %a %j %p %%') }}{{ strftime_now('[%Z%z]') }}",
            "{{ strftime_now('%f')|length }}{{ strftime_now('') }}{{ strftime_now('é %Y') }}",
            "{{ 'abcabc'.find('a', 1), 'abc'.startswith('b', 1), '中'.isalpha(), '٣'.isdigit() }}",
            "{% set a = li|map('string') %}{{ a|first }}{{ a|list }}{{ a|list }}{{ 1 in (li|select) }}",
            "{% for x in li|map('nofilter') %}{% break %}{% endfor %}{{ (li|map('nofilter'))|string|length > 1 }}",
            "{% for x in [1, 2, 3] %}{% for y in 'ab' %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
            "{% macro f(a) %}{{ a }}{{ caller(a) }}{% endmacro %}{% call(b) f(i) %}<{{ b }}{{ s }}>{% endcall %}",
            "{% set f = namespace() %}{% for x in li %}{% set q = x %}{% macro g() %}{{ q }}{% endmacro %}"
            "{% set f.g = g %}{{ g() }}{% endfor %}{{ f.g() }}", "{% for k, v in d|dictsort %}{{ k }}{% endfor %}",
            "{{ 18446744073709551615 }}{{ 18446744073709551616 }}{{ big|tojson }}{{ [big]|tojson }}{{ {1: big} }}",
            "{{ n|string|length }}{{ -n // 3, -n % 7, n * n, n - big, n < big, n == n * 1.0 }}",
            "{{ 10 ** 30 // 7 ** 20, (10 ** 30) % (7 ** 20), -(10 ** 30) // 7 ** 20, 2 ** 100 - 1 }}",
            "{{ '%d|%x|%o' % (big, big, big) }}{{ '{:,}|{:_x}|{:e}'.format(big, big, big) }}",
            "{{ (big|string)|int == big }}{{ (s|float)|string }}{{ s|int(none, 0) }}{{ s|int(base=16) }}"])


def make(seed):
    """Returns the source and the variables of the template number `seed`."""
    rng = random.Random(seed)
    templates = Templates(rng)
    source = "".join(templates.text() if templates.chance(0.25) else templates.statement(3)
                     for _ in range(rng.choice([1, 1, 1, 2, 2, 3])))
    return source, values.context(rng)
