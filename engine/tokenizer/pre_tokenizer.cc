// Splits a text into the pieces that are tokenized one by one.
#include "engine/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "engine/tokenizer/byte_alphabet.h"

namespace assay::engine {
namespace {

struct Part {
  size_t begin;
  size_t end;
  bool delimiter;
};

// Returns the matches and the parts between them, in order.
std::vector<Part> SplitAtMatches(const std::vector<unicode::Regex::Range>& matches, size_t size,
                                 bool invert) {
  std::vector<Part> parts;
  size_t at = 0;
  for (const unicode::Regex::Range& match : matches) {
    if (match.begin > at) parts.push_back({at, match.begin, invert});
    parts.push_back({match.begin, match.end, !invert});
    at = match.end;
  }
  if (at < size) parts.push_back({at, size, invert});
  return parts;
}

// Merges adjacent parts, or drops delimiters, as `behavior` requires.
std::vector<Part> ApplyBehavior(const std::vector<Part>& parts, SplitBehavior behavior) {
  std::vector<Part> out;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    const Part* before = i == 0 ? nullptr : &parts[i - 1];
    switch (behavior) {
      case SplitBehavior::kRemoved:
        if (!part.delimiter) out.push_back(part);
        break;
      case SplitBehavior::kIsolated:
        out.push_back(part);
        break;
      case SplitBehavior::kMergedWithPrevious:
        if (part.delimiter && before != nullptr && !before->delimiter) {
          out.back().end = part.end;
        } else {
          out.push_back(part);
        }
        break;
      case SplitBehavior::kMergedWithNext:
        if (!part.delimiter && before != nullptr && before->delimiter) {
          out.back().end = part.end;
        } else {
          out.push_back(part);
        }
        break;
      case SplitBehavior::kContiguous:
        if (before != nullptr && before->delimiter == part.delimiter) {
          out.back().end = part.end;
        } else {
          out.push_back(part);
        }
        break;
    }
  }
  return out;
}

// A piece of the text.
struct Piece {
  std::string text;
  // The number of bytes at the beginning that come from the first character of the whole text. It
  // may be several characters after a step that inserts some.
  size_t first_bytes;
};

// Appends the bytes [begin, end) of `piece`.
void AppendPart(const Piece& piece, size_t begin, size_t end, std::vector<Piece>* out) {
  out->push_back({piece.text.substr(begin, end - begin),
                  begin < piece.first_bytes ? std::min(end, piece.first_bytes) - begin : 0});
}

absl::Status SplitPiece(const SplitStep& step, const Piece& piece, std::vector<Piece>* out) {
  ASSIGN_OR_RETURN(const std::vector<unicode::Regex::Range> matches,
                   step.pattern.FindAll(piece.text));
  for (const Part& part :
       ApplyBehavior(SplitAtMatches(matches, piece.text.size(), step.invert), step.behavior)) {
    AppendPart(piece, part.begin, part.end, out);
  }
  return absl::OkStatus();
}

std::string ReplaceSpaces(const MetaspaceStep& step, std::string_view text) {
  return absl::StrReplaceAll(std::string(text), {{" ", step.replacement}});
}

// Appends the pieces of one piece.
void SplitMetaspace(const MetaspaceStep& step, const Piece& piece, std::vector<Piece>* out) {
  Piece marked = {
      ReplaceSpaces(step, piece.text),
      ReplaceSpaces(step, std::string_view(piece.text).substr(0, piece.first_bytes)).size()};
  const bool needs_prefix = step.prefix == MetaspaceStep::Prefix::kAlways ||
                            (step.prefix == MetaspaceStep::Prefix::kFirst && piece.first_bytes > 0);
  if (needs_prefix && !marked.text.starts_with(step.replacement)) {
    marked.text.insert(0, step.replacement);
    if (piece.first_bytes > 0) marked.first_bytes += step.replacement.size();
  }
  if (!step.split) {
    out->push_back(std::move(marked));
    return;
  }
  const std::string_view text = marked.text;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find(step.replacement, begin + step.replacement.size());
    // A piece that does not begin with the replacement ends at the next one.
    if (!text.substr(begin).starts_with(step.replacement)) end = text.find(step.replacement, begin);
    if (end == std::string_view::npos) end = text.size();
    AppendPart(marked, begin, end, out);
    begin = end;
  }
}

void SplitFixedLength(const FixedLengthStep& step, const Piece& piece, std::vector<Piece>* out) {
  const std::string_view text = piece.text;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    for (size_t i = 0; i < step.length && end < text.size(); ++i) {
      end += NextUtf8(text.substr(end)).bytes;
    }
    AppendPart(piece, begin, end, out);
    begin = end;
  }
}

Piece AddPrefixSpace(const Piece& piece) {
  if (piece.text.starts_with(' ')) return piece;
  return {" " + piece.text, piece.first_bytes == 0 ? 0 : piece.first_bytes + 1};
}

Piece EncodePiece(const Piece& piece) {
  return {EncodeByteLevel(piece.text),
          EncodeByteLevel(std::string_view(piece.text).substr(0, piece.first_bytes)).size()};
}

absl::Status Apply(const PreTokenizerStep& step, const Piece& piece, std::vector<Piece>* out) {
  if (const auto* split = std::get_if<SplitStep>(&step)) return SplitPiece(*split, piece, out);
  if (const auto* metaspace = std::get_if<MetaspaceStep>(&step)) {
    SplitMetaspace(*metaspace, piece, out);
  } else if (const auto* fixed = std::get_if<FixedLengthStep>(&step)) {
    SplitFixedLength(*fixed, piece, out);
  } else if (std::holds_alternative<PrefixSpaceStep>(step)) {
    out->push_back(AddPrefixSpace(piece));
  } else if (std::holds_alternative<EncodeBytesStep>(step)) {
    out->push_back(EncodePiece(piece));
  } else {
    // No step that needs the first character follows this one.
    out->push_back({DecodeByteLevel(piece.text).value_or(piece.text), 0});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PreTokenize(const std::vector<PreTokenizerStep>& steps,
                                                     std::string_view text, bool starts_text) {
  std::vector<Piece> pieces;
  if (!text.empty()) {
    pieces.push_back({std::string(text), starts_text ? NextUtf8(text).bytes : 0});
  }
  for (const PreTokenizerStep& step : steps) {
    std::vector<Piece> next;
    for (const Piece& piece : pieces) {
      RETURN_IF_ERROR(Apply(step, piece, &next));
    }
    pieces = std::move(next);
  }
  std::vector<std::string> texts;
  texts.reserve(pieces.size());
  for (Piece& piece : pieces) texts.push_back(std::move(piece.text));
  return texts;
}

}  // namespace assay::engine
