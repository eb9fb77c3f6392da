"""Makes engine/tokenizer/character_classes.h: classes of characters as the tokenizers crate has them.

    python tests/golden/text/make_character_classes.py     (needs tokenizers)

The crate's tables come from several versions of Unicode, so that each class is read from the crate
itself, one character at a time.
"""
import pathlib
import sys

from tokenizers import normalizers

ROOT = pathlib.Path(__file__).parents[3]
OUT = ROOT / "engine/tokenizer/character_classes.h"
CHARACTERS = [c for c in range(1, 0x110000) if not 0xD800 <= c <= 0xDFFF]

CLEAN = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False,
                                   strip_accents=False, lowercase=False)
ACCENTS = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False,
                                     strip_accents=True, lowercase=False)
MARKS = normalizers.StripAccents()

CLASSES = [
    ("kBertControls", "The characters that BertNormalizer removes when it cleans a text.",
     lambda c: CLEAN.normalize_str(f"a{chr(c)}b") == "ab"),
    ("kBertAccents", "The characters that BertNormalizer removes with accents, after NFD.",
     lambda c: ACCENTS.normalize_str(f"a{chr(c)}") == "a"),
    ("kCombiningMarks", "The characters that StripAccents removes.",
     lambda c: MARKS.normalize_str(f"a{chr(c)}b") == "ab"),
]


def ranges(member):
    out = []
    for c in CHARACTERS:
        if not member(c):
            continue
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def main():
    lines = ["// Classes of characters as the tokenizers crate has them.",
             "// Made by tests/golden/text/make_character_classes.py; do not edit.",
             "#ifndef ASSAY_ENGINE_TOKENIZER_CHARACTER_CLASSES_H_",
             "#define ASSAY_ENGINE_TOKENIZER_CHARACTER_CLASSES_H_", "",
             '#include "engine/unicode/late_characters.h"', "", "namespace assay::engine {", ""]
    for name, comment, member in CLASSES:
        lines += [f"// {comment}", "// clang-format off",
                  f"inline constexpr unicode::CharacterRange {name}[] = {{"]
        row = "   "
        for first, last in ranges(member):
            item = f" {{0x{first:X}, 0x{last:X}}},"
            if len(row) + len(item) > 100:
                lines.append(row)
                row = "   "
            row += item
        lines += [row, "};", "// clang-format on", ""]
    lines += ["}  // namespace assay::engine", "",
              "#endif  // ASSAY_ENGINE_TOKENIZER_CHARACTER_CLASSES_H_", ""]
    OUT.write_text("\n".join(lines))


sys.exit(main())
