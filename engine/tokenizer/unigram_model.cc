// Unigram segmentation with the Viterbi algorithm.
#include "engine/tokenizer/unigram_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "base/work_limit.h"
#include "engine/tokenizer/bpe_model.h"

namespace assay::engine {
namespace {

constexpr double kUnknownPenalty = 10.0;

// The best segmentation that ends at a position, by its last token.
struct Best {
  double score = -std::numeric_limits<double>::infinity();
  size_t begin = 0;
  // -1 for an unknown character.
  TokenId id = -1;
};

struct Segment {
  size_t begin;
  size_t end;
  TokenId id;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TokenModel>> UnigramModel::Make(const std::vector<Piece>& pieces,
                                                               std::optional<TokenId> unknown,
                                                               bool byte_fallback,
                                                               bool single_precision) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].spelling.size() <= kMaxPieceBytes) continue;
    return absl::UnimplementedError(absl::StrCat("token ", i, " has ", pieces[i].spelling.size(),
                                                 " bytes; at most ", kMaxPieceBytes));
  }
  return std::unique_ptr<TokenModel>(
      new UnigramModel(pieces, unknown, byte_fallback, single_precision));
}

UnigramModel::UnigramModel(const std::vector<Piece>& pieces, std::optional<TokenId> unknown,
                           bool byte_fallback, bool single_precision)
    : unknown_(unknown), byte_fallback_(byte_fallback), single_precision_(single_precision) {
  double worst = std::numeric_limits<double>::infinity();
  entries_.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!pieces[i].matched) continue;
    entries_[pieces[i].spelling] = {static_cast<TokenId>(i), pieces[i].score};
    worst = std::min(worst, pieces[i].score);
    longest_ = std::max(longest_, pieces[i].spelling.size());
  }
  if (std::isinf(worst)) worst = 0.0;
  unknown_score_ = Add(worst, -kUnknownPenalty);
  byte_tokens_.fill(kNone);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::optional<uint8_t> byte = ParseByteToken(pieces[i].spelling);
    if (byte.has_value()) byte_tokens_[*byte] = static_cast<TokenId>(i);
  }
}

absl::Status UnigramModel::AppendUnknown(std::string_view text, std::vector<TokenId>* out) const {
  const bool bytes = byte_fallback_ && std::all_of(text.begin(), text.end(), [&](char byte) {
                       return byte_tokens_[static_cast<uint8_t>(byte)] != kNone;
                     });
  if (bytes) {
    for (const char byte : text) out->push_back(byte_tokens_[static_cast<uint8_t>(byte)]);
  } else if (unknown_.has_value()) {
    out->push_back(*unknown_);
  } else {
    return absl::InvalidArgumentError(
        "the text has a character that the vocabulary lacks, and the vocabulary has no unknown "
        "token");
  }
  return absl::OkStatus();
}

absl::Status UnigramModel::Encode(std::string_view piece, std::vector<TokenId>* out) const {
  std::vector<Best> best(piece.size() + 1);
  best[0].score = 0.0;
  for (size_t begin = 0; begin < piece.size();) {
    RETURN_IF_ERROR(WorkLimit::Check());
    const size_t character = NextUtf8(piece.substr(begin)).bytes;
    bool covered = false;
    for (size_t end = begin + character; end <= std::min(piece.size(), begin + longest_);) {
      const auto it = entries_.find(std::string(piece.substr(begin, end - begin)));
      if (it != entries_.end()) {
        const double score = Add(best[begin].score, it->second.score);
        if (score > best[end].score) best[end] = {score, begin, it->second.id};
        covered = covered || end == begin + character;
      }
      if (end == piece.size()) break;
      end += NextUtf8(piece.substr(end)).bytes;
    }
    const size_t end = begin + character;
    const double score = Add(best[begin].score, unknown_score_);
    if (!covered && score > best[end].score) best[end] = {score, begin, kNone};
    begin = end;
  }
  std::vector<Segment> segments;
  for (size_t end = piece.size(); end > 0; end = best[end].begin) {
    const bool joins = best[end].id == kNone && !segments.empty() && segments.back().id == kNone;
    if (joins) {
      segments.back().begin = best[end].begin;
    } else {
      segments.push_back({best[end].begin, end, best[end].id});
    }
  }
  for (auto it = segments.rbegin(); it != segments.rend(); ++it) {
    if (it->id != kNone) {
      out->push_back(it->id);
    } else {
      RETURN_IF_ERROR(AppendUnknown(piece.substr(it->begin, it->end - it->begin), out));
    }
  }
  return absl::OkStatus();
}

}  // namespace assay::engine
