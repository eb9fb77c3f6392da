// Byte-pair encoding with a priority queue of candidate merges over a linked list of symbols.
#include "engine/tokenizer/byte_pair_merges.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/work_limit.h"
#include "engine/formats/quoted.h"

namespace assay::engine {
namespace {

constexpr int32_t kNone = -1;
constexpr int kStepsPerCheck = 4096;

struct Symbol {
  TokenId id;
  int32_t previous;
  int32_t next;
};

struct Candidate {
  int32_t rank;
  int32_t left;
  TokenId left_id;
  TokenId right_id;
  TokenId result;

  // Orders a priority queue so that its top is the lowest rank, then the leftmost position.
  bool operator<(const Candidate& other) const {
    return std::tie(rank, left) > std::tie(other.rank, other.left);
  }
};

}  // namespace

absl::StatusOr<BytePairMerges> BytePairMerges::Make(
    const std::vector<Pair>& merges, const absl::flat_hash_map<std::string, TokenId>& vocabulary,
    size_t prefix_bytes) {
  BytePairMerges out;
  out.merges_.reserve(merges.size());
  std::string whole;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    const auto left_id = vocabulary.find(left);
    const auto right_id = vocabulary.find(right);
    whole.assign(left).append(right, std::min(prefix_bytes, right.size()));
    const auto result = vocabulary.find(whole);
    if (left_id == vocabulary.end() || right_id == vocabulary.end() || result == vocabulary.end()) {
      return absl::DataLossError(absl::StrCat("merges[", rank,
                                              "]: ", Quoted(absl::StrCat(left, " ", right)),
                                              " is not two tokens that make a third"));
    }
    out.merges_.insert_or_assign(std::pair(left_id->second, right_id->second),
                                 Merge{static_cast<int32_t>(rank), result->second});
  }
  return out;
}

absl::StatusOr<BytePairMerges> BytePairMerges::Make(
    const std::vector<std::string>& merges,
    const absl::flat_hash_map<std::string, TokenId>& vocabulary) {
  std::vector<Pair> pairs;
  pairs.reserve(merges.size());
  for (const std::string& merge : merges) {
    // A part may begin with a space.
    const size_t space = merge.find(' ', 1);
    pairs.emplace_back(merge.substr(0, space),
                       space == std::string::npos ? "" : merge.substr(space + 1));
  }
  return Make(pairs, vocabulary);
}

absl::StatusOr<BytePairMerges> BytePairMerges::FromScores(
    const std::vector<std::string>& tokens, const std::vector<double>& scores,
    const absl::flat_hash_map<std::string, TokenId>& vocabulary) {
  // Tokens of equal score share a rank, so that the leftmost of them merges first.
  std::vector<double> ranked = scores;
  std::sort(ranked.begin(), ranked.end(), std::greater<>());
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  BytePairMerges out;
  size_t squares = 0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string& token = tokens[i];
    if (token.size() > kMaxTokenBytes) {
      return absl::UnimplementedError(
          absl::StrCat("token ", i, " has ", token.size(), " bytes; at most ", kMaxTokenBytes));
    }
    squares += token.size() * token.size();
    if (squares > kMaxSquaredBytes) {
      return absl::UnimplementedError(
          absl::StrCat("the first ", i + 1,
                       " tokens are too long in total: finding their merges would take minutes"));
    }
    const auto rank = static_cast<int32_t>(
        std::lower_bound(ranked.begin(), ranked.end(), scores[i], std::greater<>()) -
        ranked.begin());
    for (size_t cut = 1; cut < token.size(); ++cut) {
      const auto left = vocabulary.find(token.substr(0, cut));
      if (left == vocabulary.end()) continue;
      const auto right = vocabulary.find(token.substr(cut));
      if (right == vocabulary.end()) continue;
      out.merges_.try_emplace({left->second, right->second}, Merge{rank, static_cast<TokenId>(i)});
    }
  }
  return out;
}

absl::Status BytePairMerges::Apply(std::vector<TokenId>* symbols) const {
  if (symbols->size() < 2) return absl::OkStatus();
  const auto count = static_cast<int32_t>(symbols->size());
  std::vector<Symbol> list;
  list.reserve(symbols->size());
  for (int32_t i = 0; i < count; ++i) {
    list.push_back({(*symbols)[i], i - 1, i + 1 < count ? i + 1 : kNone});
  }
  std::priority_queue<Candidate> queue;
  const auto propose = [&](int32_t left) {
    if (left == kNone || list[left].next == kNone) return;
    const TokenId left_id = list[left].id;
    const TokenId right_id = list[list[left].next].id;
    const auto merge = merges_.find({left_id, right_id});
    if (merge == merges_.end()) return;
    queue.push({merge->second.rank, left, left_id, right_id, merge->second.result});
  };
  for (int32_t i = 0; i + 1 < count; ++i) {
    if (i % kStepsPerCheck == 0) RETURN_IF_ERROR(WorkLimit::Check());
    propose(i);
  }

  for (int64_t step = 1; !queue.empty(); ++step) {
    if (step % kStepsPerCheck == 0) RETURN_IF_ERROR(WorkLimit::Check());
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = list[best.left];
    // The pair may have changed since it was proposed. A symbol that was merged away has the id
    // kNone.
    if (left.id != best.left_id || left.next == kNone || list[left.next].id != best.right_id) {
      continue;
    }
    Symbol& right = list[left.next];
    left.id = best.result;
    left.next = right.next;
    right.id = kNone;
    if (left.next != kNone) list[left.next].previous = best.left;
    propose(left.previous);
    propose(best.left);
  }

  symbols->clear();
  for (int32_t i = 0; i != kNone; i = list[i].next) symbols->push_back(list[i].id);
  return absl::OkStatus();
}

}  // namespace assay::engine
