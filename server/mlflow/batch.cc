// Splits a run into requests that MLflow accepts.
#include "server/mlflow/batch.h"

#include <utf8proc.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/utf8.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using nlohmann::json;

constexpr absl::string_view kCutMarker = " [cut]";

// 32-bit FNV-1a (draft-eastlake-fnv). Unlike absl::Hash it is stable across processes.
uint32_t Digest(absl::string_view text) {
  uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619U;
  return hash;
}

std::string CutUtf8(absl::string_view text, size_t limit) {
  return std::string(Utf8Prefix({text.data(), text.size()}, limit));
}

std::string Serialize(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

enum Kind { kMetric, kParam, kTag, kKinds };

class Batches {
 public:
  explicit Batches(absl::string_view run_id) : run_id_(run_id) {}

  void Add(Kind kind, const json& item) {
    std::string text = Serialize(item);
    const bool of_model = item.contains("model_id");
    if (items_[kind].size() >= kLimits[kind] || entities_ >= kMaxBatchEntities ||
        bytes_ + text.size() + 1 > kMaxBatchBytes ||
        (of_model && model_metrics_ >= kMaxBatchModelMetrics)) {
      Close();
    }
    if (of_model) ++model_metrics_;
    bytes_ += text.size() + 1;
    ++entities_;
    items_[kind].push_back(std::move(text));
  }

  std::vector<std::string> Finish() {
    if (entities_ > 0) Close();
    return std::move(bodies_);
  }

 private:
  static constexpr size_t kLimits[kKinds] = {kMaxBatchMetrics, kMaxBatchParams, kMaxBatchTags};
  // The bytes of the body around the items, without the run's id.
  static constexpr size_t kFrameBytes = 64;

  // The items are already serialized: parsing them again to assemble a body would double the work.
  void Close() {
    bodies_.push_back(absl::StrCat("{\"run_id\":", Serialize(json(run_id_)), ",\"metrics\":[",
                                   absl::StrJoin(items_[kMetric], ","), "],\"params\":[",
                                   absl::StrJoin(items_[kParam], ","), "],\"tags\":[",
                                   absl::StrJoin(items_[kTag], ","), "]}"));
    for (std::vector<std::string>& items : items_) items.clear();
    entities_ = 0;
    model_metrics_ = 0;
    bytes_ = kFrameBytes + run_id_.size();
  }

  const std::string run_id_;
  std::vector<std::string> bodies_;
  std::vector<std::string> items_[kKinds];
  size_t entities_ = 0;
  size_t model_metrics_ = 0;
  size_t bytes_ = kFrameBytes + run_id_.size();
};

// MLflow takes what Python's regular expressions call \w, and some punctuation.
bool IsAllowedInKey(uint32_t code_point) {
  constexpr uint32_t kFirstBeyondAscii = 0x80;
  if (code_point < kFirstBeyondAscii) {
    const auto c = static_cast<char>(code_point);
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-. :", c);
  }
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return false;
  }
}

// A series has one value per sample; it is not a metric of the model.
bool IsSeries(const std::string& key) {
  return absl::StartsWith(key, "sample/") || absl::StartsWith(key, "system/");
}

void AddPairs(Kind kind, const std::vector<std::pair<std::string, std::string>>& pairs,
              size_t value_limit, Batches* batches) {
  std::map<std::string, std::string> unique;
  for (const auto& [key, value] : pairs) unique[FitKey(key)] = FitValue(value, value_limit);
  for (const auto& [key, value] : unique) batches->Add(kind, {{"key", key}, {"value", value}});
}

}  // namespace

std::string FitKey(absl::string_view key) {
  std::vector<std::string> segments;
  bool replaced = false;
  for (const absl::string_view part : absl::StrSplit(key, '/', absl::SkipEmpty())) {
    std::string segment;
    for (std::string_view rest(part.data(), part.size()); !rest.empty();) {
      const Utf8Step step = NextUtf8(rest);
      const bool allowed = step.valid && IsAllowedInKey(step.code_point);
      segment += allowed ? rest.substr(0, step.bytes) : "_";
      replaced = replaced || !allowed;
      rest.remove_prefix(step.bytes);
    }
    if (segment == "." || segment == "..") {
      segment.assign(segment.size(), '_');
      replaced = true;
    }
    segments.push_back(std::move(segment));
  }
  std::string fitted = absl::StrJoin(segments, "/");
  if (fitted.empty()) return "_";
  if (!replaced && fitted.size() <= kMaxKeyBytes) return fitted;
  const std::string digest = absl::StrCat("_", absl::Hex(Digest(key), absl::kZeroPad8));
  return absl::StrCat(CutUtf8(fitted, kMaxKeyBytes - digest.size()), digest);
}

std::string FitValue(absl::string_view value, size_t limit) {
  if (value.size() <= limit) return std::string(value);
  return absl::StrCat(CutUtf8(value, limit - kCutMarker.size()), kCutMarker);
}

std::string FitDigest(const evaluator::TrackedDataset& dataset) {
  return dataset.digest.substr(0, kMaxDatasetDigestBytes);
}

std::vector<std::string> MakeLogBatches(absl::string_view run_id, absl::string_view model_id,
                                        const evaluator::TrackedRun& run) {
  Batches batches(run_id);
  AddPairs(kParam, run.params, kMaxParamValueBytes, &batches);
  int left_out = 0;
  for (const evaluator::TrackedMetric& metric : run.metrics) {
    if (!std::isfinite(metric.value)) {
      ++left_out;
      continue;
    }
    json item = {{"key", FitKey(metric.key)},
                 {"value", metric.value},
                 {"timestamp", absl::ToUnixMillis(metric.time)},
                 {"step", metric.step}};
    if (!model_id.empty() && !IsSeries(metric.key)) {
      item["model_id"] = std::string(model_id);
      if (run.dataset.has_value()) {
        item["dataset_name"] = FitValue(run.dataset->name, kMaxDatasetNameBytes);
        item["dataset_digest"] = FitDigest(*run.dataset);
      }
    }
    batches.Add(kMetric, item);
  }
  std::vector<std::pair<std::string, std::string>> tags = run.tags;
  if (left_out > 0) tags.emplace_back("assay.metrics_left_out", absl::StrCat(left_out));
  AddPairs(kTag, tags, kMaxTagValueBytes, &batches);
  return batches.Finish();
}

}  // namespace assay::server
