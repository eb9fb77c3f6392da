"""Writes engine/unicode/late_characters.h: characters that Unicode normalizes and `tokenizers` does not yet.

    python tests/golden/text/make_late_characters.py     (needs tokenizers and unicodedata2)

`tokenizers` normalizes by tables of an older Unicode. A character that is younger keeps its place there: it is not
reordered, decomposed or composed. Models were trained on what it gives.
"""
import pathlib

import unicodedata2 as unicode
from tokenizers import normalizers

OUT = pathlib.Path(__file__).parents[3] / "engine/unicode/late_characters.h"


def differs(code):
    character, own = chr(code), unicode.combining(chr(code))
    # A mark of another class beside it changes places with it.
    pair = "a" + character + "\u0334" if own > 1 else "a\u0301" + character if own else character
    return any(normalizer.normalize_str(text) != unicode.normalize(form, text)
               for form, normalizer in (("NFD", normalizers.NFD()), ("NFKD", normalizers.NFKD()))
               for text in (character, pair))


def main():
    ranges = []
    for code in range(0x80, 0x110000):
        if 0xD800 <= code < 0xE000 or not differs(code):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    rows = "\n".join(f"    {{0x{a:X}, 0x{b:X}}}," for a, b in ranges)
    OUT.write_text(f"""// Characters that Unicode normalizes and `tokenizers` does not yet. Made by
// tests/golden/text/make_late_characters.py.
#ifndef ASSAY_ENGINE_UNICODE_LATE_CHARACTERS_H_
#define ASSAY_ENGINE_UNICODE_LATE_CHARACTERS_H_

#include <cstdint>

namespace assay::unicode {{

struct CharacterRange {{
  uint32_t first;
  uint32_t last;
}};

// In order.
inline constexpr CharacterRange kLateCharacters[] = {{
{rows}
}};

}}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_LATE_CHARACTERS_H_
""")
    print(len(ranges), "ranges,", sum(b - a + 1 for a, b in ranges), "characters, Unicode", unicode.unidata_version)


main()
