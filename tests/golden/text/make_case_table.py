"""Makes engine/text/template_case_table.h: how Python 3 changes the case of characters.

    python tests/golden/text/make_case_table.py > engine/text/template_case_table.h
"""


def ranges(change):
    out = []  # first, last, step, delta
    for c in range(0x80, 0x110000):
        if 0xD800 <= c < 0xE000:
            continue
        new = change(chr(c))
        if len(new) != 1 or ord(new) == c:
            continue
        delta = ord(new) - c
        if out and out[-1][3] == delta and c - out[-1][1] in (1, 2) and (out[-1][2] in (0, c - out[-1][1])):
            out[-1][2] = c - out[-1][1]
            out[-1][1] = c
        else:
            out.append([c, c, 0, delta])
    return [(a, b, s or 1, d) for a, b, s, d in out]


def several(change):
    return [(c, change(chr(c))) for c in range(0x80, 0x110000)
            if not 0xD800 <= c < 0xE000 and len(change(chr(c))) > 1]


def escaped(text):
    return "".join("\\x%02X" % b for b in text.encode())


def table(name, kind, items):
    print(f"inline constexpr {kind} {name}[] = {{")
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            print(line)
            line = "   "
        line += " " + item + ","
    print(line + "\n};\n")


def main():
    print("// Made by tests/golden/text/make_case_table.py; do not edit.\n"
          "#ifndef ASSAY_ENGINE_TEXT_TEMPLATE_CASE_TABLE_H_\n#define ASSAY_ENGINE_TEXT_TEMPLATE_CASE_TABLE_H_\n\n"
          "#include <cstdint>\n\nnamespace assay::engine {\n\n"
          "// The characters first, first + step, ... last become themselves plus delta.\n"
          "struct CaseRange {\n  uint32_t first;\n  uint32_t last;\n  uint32_t step;\n  int32_t delta;\n};\n"
          "// A character that becomes several.\n"
          "struct CaseExpansion {\n  uint32_t code_point;\n  const char* text;\n};\n\n"
          "// clang-format off")
    for name, change in (("Upper", str.upper), ("Lower", str.lower), ("Title", str.title)):
        table(f"k{name}Ranges", "CaseRange", ["{0x%X, 0x%X, %d, %d}" % r for r in ranges(change)] if name != "Title" else
              ["{0x%X, 0x%X, 1, %d}" % (c, c, ord(chr(c).title()) - c) for c in range(0x80, 0x110000)
               if not 0xD800 <= c < 0xE000 and len(chr(c).title()) == 1 and chr(c).title() != chr(c).upper()])
        table(f"k{name}Expansions", "CaseExpansion", ['{0x%X, "%s"}' % (c, escaped(t)) for c, t in several(change)])
    print("// clang-format on\n\n}  // namespace assay::engine\n\n#endif  // ASSAY_ENGINE_TEXT_TEMPLATE_CASE_TABLE_H_")


main()
