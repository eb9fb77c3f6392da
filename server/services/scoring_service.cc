// The gRPC service assay.v1.ScoringService.
#include "server/services/scoring_service.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "evaluator/scoring/assay_scorer.h"

namespace assay::server {
namespace {

using assay::v1::ScoreRequest;
using assay::v1::ScoreResponse;
using assay::v1::TextScore;

constexpr std::string_view kDefaultScorer = "assay";
constexpr int kMaxScorers = 16;
constexpr int kMaxWords = 64;

absl::Status CheckText(std::string_view field, const std::string& text, int64_t max_bytes) {
  const std::string name(field);
  if (static_cast<int64_t>(text.size()) > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        name, ": has ", text.size(), " bytes; limits.max_prompt_bytes allows ", max_bytes));
  }
  if (const std::optional<size_t> offset = FindInvalidUtf8(text); offset.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is not UTF-8 at byte ", *offset));
  }
  return absl::OkStatus();
}

void AddPart(const std::string& name, std::optional<double> value, const std::string& reason,
             TextScore* out) {
  assay::v1::ScorePart* part = out->add_parts();
  part->set_name(name);
  if (value.has_value()) part->set_value(*value);
  part->set_reason(reason);
}

// Adds the parts whose names begin with kGatePrefix, or the others.
void AddParts(const evaluator::Score& score, bool gates, TextScore* out) {
  const auto is_gate = [](const std::string& name) {
    return name.starts_with(evaluator::kGatePrefix);
  };
  for (const auto& [name, value] : score.parts) {
    if (is_gate(name) != gates) continue;
    const auto reason = score.reasons.find(name);
    AddPart(name, value, reason == score.reasons.end() ? "" : reason->second, out);
  }
  for (const auto& [name, reason] : score.reasons) {
    if (is_gate(name) != gates || score.parts.contains(name)) continue;
    AddPart(name, std::nullopt, reason, out);
  }
}

std::string BasisOf(const std::string& version) {
  if (evaluator::IsFormOnly(version)) {
    return "the form and the facts; no model read the text, because evaluation.readers of the "
           "server names none";
  }
  return "the form, the facts, and what the models of its version read in the text";
}

}  // namespace

absl::Status ScoringServiceImpl::Check(const ScoreRequest& request) const {
  if (request.text().empty()) return absl::InvalidArgumentError("text: is empty; give a text");
  RETURN_IF_ERROR(CheckText("text", request.text(), max_text_bytes_));
  RETURN_IF_ERROR(CheckText("prompt", request.prompt(), max_text_bytes_));
  RETURN_IF_ERROR(CheckText("reference", request.reference(), max_text_bytes_));
  if (request.max_characters() < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_characters: is ", request.max_characters(), "; give 0 or more"));
  }
  if (request.must_include_size() > kMaxWords) {
    return absl::InvalidArgumentError(absl::StrCat(
        "must_include: has ", request.must_include_size(), " words; at most ", kMaxWords));
  }
  if (request.scorers_size() > kMaxScorers) {
    return absl::InvalidArgumentError(
        absl::StrCat("scorers: has ", request.scorers_size(), " names; at most ", kMaxScorers));
  }
  for (const std::string& name : request.scorers()) {
    if (scorers_->Find(name) != nullptr) continue;
    return absl::InvalidArgumentError(absl::StrCat("scorers: the server has no scorer '", name,
                                                   "'; it has ",
                                                   absl::StrJoin(scorers_->Names(), ", ")));
  }
  return absl::OkStatus();
}

absl::Status ScoringServiceImpl::Score(const ServerCall& call, const ScoreRequest& request,
                                       ScoreResponse* response) {
  RETURN_IF_ERROR(Check(request));
  std::vector<std::string> names(request.scorers().begin(), request.scorers().end());
  if (names.empty()) names.emplace_back(kDefaultScorer);
  const evaluator::ScoreInput input = {
      .content_type = request.content_type(),
      .prompt = request.prompt(),
      .text = request.text(),
      .finish_reason = request.truncated() ? "length" : "end_of_text",
      .reference = request.reference(),
      .constraints = {.max_characters = request.max_characters(),
                      .must_include = {request.must_include().begin(),
                                       request.must_include().end()}},
      .context = call.context()};
  for (const std::string& name : names) {
    const evaluator::Scorer& scorer = *scorers_->Find(name);
    const absl::StatusOr<evaluator::Score> score = scorer.ScoreText(input);
    RETURN_IF_ERROR(input.context.Check());
    TextScore* const out = response->add_scores();
    out->set_scorer(name);
    out->set_version(scorer.version());
    if (!score.ok()) {
      out->set_error(score.status().ToString());
      continue;
    }
    out->set_overall(score->overall);
    if (name == kDefaultScorer) out->set_basis(BasisOf(out->version()));
    AddParts(*score, /*gates=*/false, out);
    AddParts(*score, /*gates=*/true, out);
  }
  return absl::OkStatus();
}

}  // namespace assay::server
