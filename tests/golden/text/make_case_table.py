"""Makes engine/unicode/casing_table.h: the characters that Python 3 changes into several.

    python tests/golden/text/make_case_table.py > engine/unicode/casing_table.h
"""


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
          "#ifndef ASSAY_ENGINE_UNICODE_CASING_TABLE_H_\n#define ASSAY_ENGINE_UNICODE_CASING_TABLE_H_\n\n"
          "#include <cstdint>\n\nnamespace assay::unicode {\n\n"
          "// A character that becomes several.\n"
          "struct CaseExpansion {\n  uint32_t code_point;\n  const char* text;\n};\n\n"
          "// clang-format off")
    for name, change in (("Upper", str.upper), ("Lower", str.lower), ("Title", str.title)):
        table(f"k{name}Expansions", "CaseExpansion", ['{0x%X, "%s"}' % (c, escaped(t)) for c, t in several(change)])
    print("// clang-format on\n\n}  // namespace assay::unicode\n\n#endif  // ASSAY_ENGINE_UNICODE_CASING_TABLE_H_")


main()
