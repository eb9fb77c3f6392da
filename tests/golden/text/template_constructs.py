"""Small templates, one construct each, for make_templates.py."""

CONSTRUCTS = [
    # Macros, scopes, namespaces.
    ("{% macro f(a, b=2, c=a) %}[{{ a }}|{{ b }}|{{ c }}]{% endmacro %}{{ f(1) }}{{ f(1, c=3) }}"
     "{{ f(b=5, a=4) }}{{ f.name }}"),
    "{% macro f(n) %}{% if n > 0 %}{{ n }},{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
    ("{% set x = 1 %}{% macro f() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ f() }}"
     "{% for i in [3] %}{% set x = i %}{{ f() }}{% endfor %}"),
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}",
    "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(z=2) }}",
    "{% macro f(a) %}{{ a is defined }}{% endmacro %}{{ f() }}",
    ("{% set ns = namespace(n=0, t='') %}{% for m in messages %}{% set ns.n = ns.n + 1 %}"
     "{% set ns.t = ns.t ~ m.role %}{% endfor %}{{ ns.n }}{{ ns.t }}{{ ns.no is defined }}"),
    "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}",
    "{% set x = {} %}{% set x.a = 1 %}",
    "{% set a, b = 1, 2 %}{{ a }}{{ b }}",
    "{% set a, b = [1, 2, 3] %}",
    "{% set t %} body {{ 1 }} {% endset %}[{{ t }}]{{ t | trim }}",
    "{% set t | upper | trim %} body {% endset %}[{{ t }}]",
    "{% filter upper %}ab{{ 'c' }}{% endfilter %}",
    "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}",
    "{% generation %}said{% set q = 1 %}{% endgeneration %}{{ q is defined }}",
    "{% raw %}{{ x }}{% endraw %}",
    # Loops.
    "{% for a, b in {'x': 1, 'y': 2}.items() %}{{ a }}={{ b }};{% endfor %}",
    "{% for k in {'x': 1} %}{{ k }}{% endfor %}",
    "{% for c in 'aé世' %}{{ c }}-{% endfor %}",
    ("{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }}{{ loop.last }}"
     "{% else %}none{% endfor %}"),
    "{% for i in [] %}x{% else %}none{% endfor %}",
    "{% for i in [1, 2] %}{% break %}{% else %}else{% endfor %}",
    "{% for i in [1, 2] %}{% continue %}{% else %}else{% endfor %}",
    ("{% for i in range(6) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}"
     "{% endif %}{{ i }}{% endfor %}"),
    ("{% for i in range(4) %}{{ loop.cycle('a', 'b') }}{{ loop.changed(i // 2) }}"
     "{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem is defined }} "
     "{% endfor %}"),
    ("{% for i in [1] %}{% for j in [2] %}{{ loop.depth }}{{ loop.index }}{% endfor %}"
     "{{ loop.length }}{% endfor %}"),
    "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
    "{% for i in 5 %}{% endfor %}",
    "{% for i in none %}{% endfor %}",
    "{% for i in nothing %}x{% else %}else{% endfor %}",
    "{% for i in 1, 2 %}{{ i }}{% endfor %}",
    # Operators.
    ("{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ -2 ** 2 }} "
     "{{ 7.5 % 2 }} {{ 1e3 }} {{ 1.0 }} {{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e-5 }} {{ 3 * 1.5 }}"),
    ("{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 == true }} {{ 'a' < 'b' }} "
     "{{ [1, 2] < [1, 3] }} {{ (1, 2) == (1, 2) }} {{ [1] == (1,) }} {{ none == none }}"),
    "{{ 1 < 'a' }}",
    "{{ none < 1 }}",
    "{{ {'a': 1} == {'a': 1.0} }} {{ 1 in [1.0] }} {{ 'a' in {'a': 1} }} {{ 1 in 'a' }}",
    "{{ 1 // 0 }}",
    "{{ 1 if false }}|{{ 1 if true else 2 }}|{{ (1 if false) is defined }}",
    "{{ 'a' ~ 1 ~ none ~ true ~ [1, 'x'] ~ {'k': 'v'} }}",
    "{{ 'ab' * 3 }}{{ [1] * 2 }}{{ 2 * 'x' }}",
    "{{ [1] + [2] }}{{ (1,) + (2,) }}",
    "{{ not true }} {{ not not 1 }} {{ 1 and 0 or 'x' }} {{ '' or none }}",
    "{{ true + true }} {{ -true }} {{ +1 }} {{ 'a' + 1 }}",
    "{{ '%s is %d and %.2f %r %5s|%-5s|%05d %%' % ('x', 3, 1.5, 'q', 'r', 'l', 42) }}",
    "{{ '%(a)s' % {'a': 1} }}",
    "{{ '{} {1} {0}'.format(1) }}",
    "{{ '{} {x:>5}|{:.2f}|{:<4}|{:^5}|{:,}'.format('a', 1.234, 'b', 'c', 1234567, x='r') }}",
    "{{ '{0}-{1}-{0}'.format('a', 'b') }}",
    # Literals and subscripts.
    ("{{ [1, 'a', none, true, 1.5] }} {{ (1,) }} {{ () }} {{ {} }} "
     "{{ {'a': [1, {'b': 'c'}], 2: 3} }}"),
    "{{ 'it\\'s' }} {{ \"a\\n\\tb\\u00e9\\x41\" }} {{ ['it\\'s', 'a\\n', \"q\\\"\"] }}",
    ("{{ 'abcdef'[::2] }} {{ 'abcdef'[::-1] }} {{ 'aé世'[-1] }} {{ [1, 2, 3][-2:] }} "
     "{{ [1, 2, 3][:-1] }} {{ [1, 2, 3][5:] }} {{ 'abc'[1:2] }} {{ [1, 2, 3, 4][3:0:-2] }}"),
    ("{{ [1][5] is defined }} {{ 'a'[9] is defined }} {{ {'a': 1}['b'] is defined }} "
     "{{ {'a': 1}.a }} {{ messages[0]['role'] }} {{ messages.0.role }}"),
    "{{ x.y }}",
    "{{ x['y'] }}",
    "{{ none.x }}|{{ none['x'] }}",
    ("{{ {'items': 1}['items'] }} {{ {'items': 1}.get('items') }} {{ {'a': 1}.get('b', 9) }} "
     "{{ {'a': 1}.get('b') }}"),
    "{{ 1_000 }} {{ 1_0.5 }}",
    # Filters.
    "{{ {'b': 1, 'a': [1, none, true, 'é<>&\"\\'']} | tojson }}",
    "{{ {'b': {'c': [1, 2], 'd': {}}, 'a': []} | tojson(indent=2) }}",
    "{{ {'b': 1, 'a': 'é'} | tojson(ensure_ascii=true, sort_keys=true) }}",
    "{{ [1, {'a': 2}] | tojson(separators=(',', ':')) }}",
    "{{ 1.0 | tojson }} {{ none | tojson }} {{ 'x' | tojson }} {{ nothing | tojson }}",
    "{{ 1e100 | tojson }} {{ 12345678901234567 | tojson }}",
    ("{{ [3, 1, 2] | sort }} {{ ['b', 'A', 'c'] | sort }} "
     "{{ ['b', 'A'] | sort(case_sensitive=true) }} {{ [1, 3, 2] | sort(reverse=true) }} "
     "{{ messages | sort(attribute='content') | map(attribute='content') | list }}"),
    "{{ {'b': 1, 'a': 2} | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value', reverse=true) }}",
    "{{ [1, 2, 2, 1] | unique | list }} {{ ['a', 'A'] | unique | list }}",
    ("{{ messages | map(attribute='role') | join(', ') }} {{ ['a', 'b'] | map('upper') | list }} "
     "{{ [1, 2] | map('string') | join }} "
     "{{ messages | map(attribute='nope', default='-') | list }}"),
    ("{{ messages | selectattr('role', 'equalto', 'user') | list | length }} "
     "{{ messages | rejectattr('role', 'eq', 'user') | map(attribute='role') | list }} "
     "{{ messages | selectattr('nope') | list }}"),
    ("{{ [0, 1, 2] | select | list }} {{ [0, 1, 2, 3] | select('odd') | list }} "
     "{{ [0, 1] | reject('odd') | list }} {{ [1, 5] | select('gt', 3) | list }} "
     "{{ none | select | list }}"),
    ("{{ [1, 2, 3] | first }} {{ [1, 2, 3] | last }} {{ [] | first is defined }} "
     "{{ 'abc' | first }} {{ 'abc' | last }} {{ [1, 2] | reverse | list }} {{ 'ab' | reverse }}"),
    ("{{ [1, 2, 3] | sum }} {{ [1.5, 2] | sum }} "
     "{{ messages | map(attribute='content') | map('length') | sum }} {{ [3, 1] | min }} "
     "{{ [3, 1] | max }} {{ ['b', 'A'] | min }} {{ [] | max is defined }}"),
    ("{{ 'x' | default('y') }} {{ nothing | default('y') }} {{ '' | default('y', true) }} "
     "{{ nothing | d }} {{ none | default('z') }} {{ none | default('z', boolean=true) }}"),
    ("{{ '42' | int }} {{ ' 7 ' | int }} {{ '4.9' | int }} {{ 'x' | int }} {{ 'x' | int(5) }} "
     "{{ 3.9 | int }} {{ -3.9 | int }} {{ 'ff' | int(0, 16) }} {{ '1.5' | float }} "
     "{{ 'x' | float }} {{ 3 | float }} {{ true | int }}"),
    ("{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(0, 'ceil') }} "
     "{{ 2.9 | round(method='floor') }} {{ 5 | round }} {{ -3 | abs }} {{ -3.5 | abs }}"),
    ("{{ 'hello wORLD' | title }} {{ 'hELLO' | capitalize }} {{ 'straße ǆ' | upper }} "
     "{{ 'ÀÉ ΑΣ' | lower }} {{ 'it\\'s a-b' | title }}"),
    ("{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|"
     "{{ 'a\\n\\nb' | indent(2, blank=true) }}"),
    ("{{ ' x ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ 'aXbX' | replace('X', '-') }}|"
     "{{ 'aaa' | replace('a', 'b', 2) }}|{{ 12 | string + 'x' }}|{{ [1, 2] | length }}|"
     "{{ 'é世' | count }}"),
    ("{{ '<a&\"\\'>' | e }} {{ '<a>' | escape }} {{ '<a>' | safe }} {{ '<a>' | safe + '<b>' }} "
     "{{ '<a>' | e ~ '<b>' }}"),
    ("{{ {'a': 1} | items | list }} {{ [1, 2, 3] | batch(2) | list }} "
     "{{ [1, 2, 3] | batch(2, 0) | list }} {{ {'a': 1} | list }} {{ 5 | list }}"),
    "{{ 5 | length }}",
    "{{ nothing | length }}",
    "{{ 'a' | join('-') }} {{ 'abc' | join('-') }}",
    "{{ x | nosuchfilter }}",
    # Tests.
    ("{{ 1 is odd }}{{ 2 is even }}{{ 6 is divisibleby 3 }}{{ 6 is divisibleby(4) }}"
     "{{ 'a' is string }}{{ 1 is number }}{{ 1.5 is float }}{{ 1 is integer }}"
     "{{ true is integer }}{{ true is number }}{{ true is boolean }}"),
    ("{{ {} is mapping }}{{ [] is sequence }}{{ 'a' is sequence }}{{ {} is iterable }}"
     "{{ 5 is iterable }}{{ none is none }}{{ nothing is undefined }}{{ true is true }}"
     "{{ 1 is true }}{{ false is false }}{{ range is callable }}"),
    ("{{ 1 is eq 1 }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 2 is ge(2) }}{{ 'a' is in ['a'] }}"
     "{{ 1 is sameas 1 }}{{ 'A' is upper }}{{ 'a' is lower }}{{ 1 is not none }}"
     "{{ 'a' is equalto 'a' }}{{ not 1 is odd }}"),
    # Methods.
    ("{{ 'a b  c'.split() }} {{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} "
     "{{ 'a,b,c'.rsplit(',', 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'abc'.split('') }}"),
    ("{{ ' x '.strip() }}|{{ 'xax'.strip('x') }}|{{ 'xax'.lstrip('x') }}|{{ 'xax'.rstrip('x') }}|"
     "{{ 'ab'.startswith('a') }}|{{ 'ab'.endswith(('b', 'c')) }}|{{ 'abc'.find('c') }}|"
     "{{ 'abc'.find('z') }}|{{ 'aba'.rfind('a') }}"),
    ("{{ 'abab'.replace('a', 'x', 1) }} {{ 'Ab'.upper() }} {{ 'Ab'.lower() }} "
     "{{ 'ab cd'.title() }} {{ 'ab'.capitalize() }} {{ 'aa'.count('a') }} "
     "{{ ','.join(['a', 'b']) }} {{ 'a1'.isalnum() }} {{ '12'.isdigit() }}"),
    ("{{ {'a': 1, 'b': 2}.keys() | list }} {{ {'a': 1}.values() | list }} "
     "{{ {'a': 1}.items() | list }} {{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }} "
     "{{ {'a': 1}.keys() }}"),
    "{{ [1].append(2) }}",
    "{{ {'a': 1}.update({'b': 2}) }}",
    ("{{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a-b'.partition('-') }} {{ 'ab'.removeprefix('a') }} "
     "{{ 'ab'.removesuffix('b') }}"),
    "{{ 'x'.nomethod() }}",
    "{{ ','.join([1]) }}",
    # Functions.
    ("{{ range(3) | list }} {{ range(1, 7, 2) | list }} {{ range(3, 0, -1) | list }} "
     "{{ dict(a=1, b='x') }} {{ dict({'a': 1}, c=2) }} {{ range(5)[1:3] | list }}"),
    "{{ range(1000000000) | length }}",
    "{{ raise_exception('no: ' ~ 1) }}",
    "{{ strftime_now('%Y') | length }}",
    "{{ nofunction() }}",
    "{{ 5() }}",
    "{{ messages[0].nope.more }}",
    "{{ messages[0].nope is defined and messages[0].nope.more }}",
    # Blanks.
    ("  {% if true %}\n  a\n  {% endif %}\n b {%- if true -%}  c  {%- endif +%}\n\n{{- ' d ' -}}"
     "\n e {#- f -#} g\n"),
    "{%+ if true %}a{% endif %}  {%- set x = 1 %}\n\n  {{+ x }}\n",
    "a\n{# c #}\n  {# d #}  e\n{% set a = 1 -%}\n\n  f",
]
