"""Writes engine/unicode/punctuation.h: what `tokenizers`' pre-tokenizer Punctuation takes for punctuation.

    python tests/golden/text/make_punctuation.py     (needs tokenizers)

Its tables are those of an older Unicode than PCRE2's; models were trained on what they give.
"""
import pathlib

from tokenizers.pre_tokenizers import Punctuation

OUT = pathlib.Path(__file__).parents[3] / "engine/unicode/punctuation.h"
WIDTH = 96


def main():
    punctuation, ranges = Punctuation("isolated"), []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or len(punctuation.pre_tokenize_str(f"a{chr(code)}a")) != 3:
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    lines = [""]
    for first, last in ranges:
        item = f"\\\\x{{{first:X}}}" + (f"-\\\\x{{{last:X}}}" if last > first else "")
        if len(lines[-1]) + len(item) > WIDTH - 6:
            lines.append("")
        lines[-1] += item
    rows = "\n".join(f'    "{line}"' for line in lines)
    OUT.write_text(f"""// What `tokenizers`' pre-tokenizer Punctuation takes for punctuation. Made by
// tests/golden/text/make_punctuation.py.
#ifndef ASSAY_ENGINE_UNICODE_PUNCTUATION_H_
#define ASSAY_ENGINE_UNICODE_PUNCTUATION_H_

namespace assay::unicode {{

// A class of a pattern.
inline constexpr char kPunctuation[] =
    "["
{rows}
    "]";

}}  // namespace assay::unicode

#endif  // ASSAY_ENGINE_UNICODE_PUNCTUATION_H_
""")
    print(len(ranges), "ranges,", sum(b - a + 1 for a, b in ranges), "characters")


main()
