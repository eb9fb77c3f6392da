// Converts the messages of assay.v1.RatingService to the evaluator's types and back.
#include "server/wire/rating_proto.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

constexpr size_t kMaxRaterBytes = 64;
constexpr double kMaxScore = 10;

const evaluator::EvaluationPrompt* FindPrompt(const evaluator::EvaluationPlan& plan,
                                              const std::string& id) {
  for (const evaluator::EvaluationPrompt& prompt : plan.prompts) {
    if (prompt.id == id) return &prompt;
  }
  return nullptr;
}

absl::Status CheckRater(const std::string& rater) {
  const bool valid = !rater.empty() && rater.size() <= kMaxRaterBytes &&
                     std::none_of(rater.begin(), rater.end(), absl::ascii_iscntrl);
  if (valid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("rater: must have 1 to ", kMaxRaterBytes, " bytes and no control characters"));
}

absl::StatusOr<evaluator::SampleId> FindSample(const char* field, const std::string& key,
                                               const SampleKeys& keys) {
  const auto found = keys.find(key);
  if (found != keys.end()) return found->second;
  return absl::InvalidArgumentError(absl::StrCat(
      field, ": '", key, "' is no sample of this evaluation; ListRatingItems has the keys"));
}

absl::Status ReadScore(const assay::v1::Rating& in, evaluator::Rating* out) {
  if (!in.has_score()) {
    return absl::InvalidArgumentError(
        "score: is missing; give a score, or other_sample and a preference");
  }
  if (in.preference() != assay::v1::PREFERENCE_UNSPECIFIED) {
    return absl::InvalidArgumentError("preference: needs other_sample");
  }
  if (!std::isfinite(in.score()) || in.score() < 0 || in.score() > kMaxScore) {
    return absl::InvalidArgumentError(
        absl::StrCat("score: ", in.score(), " is out of range; give 0 to ", kMaxScore));
  }
  out->score = in.score();
  return absl::OkStatus();
}

absl::Status ReadPreference(const assay::v1::Rating& in, const SampleKeys& keys,
                            evaluator::Rating* out) {
  if (in.has_score()) {
    return absl::InvalidArgumentError("score: is set together with other_sample; give one of them");
  }
  ASSIGN_OR_RETURN(const evaluator::SampleId other,
                   FindSample("other_sample", in.other_sample(), keys));
  if (other == out->sample || other.prompt_id != out->sample.prompt_id) {
    return absl::InvalidArgumentError(
        "other_sample: must be another text for the same prompt as sample");
  }
  out->other = other;
  switch (in.preference()) {
    case assay::v1::PREFERENCE_SAMPLE:
      out->preference = evaluator::Preference::kSample;
      return absl::OkStatus();
    case assay::v1::PREFERENCE_OTHER:
      out->preference = evaluator::Preference::kOther;
      return absl::OkStatus();
    case assay::v1::PREFERENCE_TIE:
      out->preference = evaluator::Preference::kTie;
      return absl::OkStatus();
    default:
      return absl::InvalidArgumentError("preference: is missing; give SAMPLE, OTHER or TIE");
  }
}

void Fill(const evaluator::RatedStatistic& statistic, assay::v1::RatedStatistic* out) {
  out->set_value(statistic.value);
  if (statistic.low) out->set_ci_low(*statistic.low);
  if (statistic.high) out->set_ci_high(*statistic.high);
}

void Fill(const evaluator::RaterAgreement& agreement, assay::v1::RaterAgreement* out) {
  out->set_content_type(agreement.content_type);
  out->set_kind(agreement.pairwise ? "pairwise" : "scale");
  out->set_raters(agreement.raters);
  out->set_units(agreement.units);
  if (agreement.alpha) Fill(*agreement.alpha, out->mutable_alpha());
  if (agreement.kappa) Fill(*agreement.kappa, out->mutable_kappa());
  out->set_kappa_units(agreement.kappa_units);
  out->set_note(agreement.note);
}

void Fill(const evaluator::ScoreCalibration& calibration, assay::v1::ScoreCalibration* out) {
  out->set_content_type(calibration.content_type);
  out->set_scorer(calibration.scorer);
  out->set_samples(calibration.samples);
  out->set_prompts(calibration.prompts);
  if (calibration.spearman) Fill(*calibration.spearman, out->mutable_spearman());
  out->set_pairs(calibration.pairs);
  if (calibration.pair_agreement) Fill(*calibration.pair_agreement, out->mutable_pair_agreement());
  if (calibration.absolute_error) Fill(*calibration.absolute_error, out->mutable_absolute_error());
  out->set_raw_absolute_error(calibration.raw_absolute_error);
  for (const evaluator::IsotonicBlock& block : calibration.steps) {
    assay::v1::CalibrationStep* step = out->add_steps();
    step->set_score_low(block.low);
    step->set_score_high(block.high);
    step->set_samples(static_cast<int>(block.weight));
    step->set_rating(block.value);
  }
  out->set_sentence(calibration.sentence);
}

}  // namespace

SampleKeys KeysOf(const std::string& evaluation_id, std::vector<evaluator::SampleId> samples) {
  SampleKeys keys;
  for (evaluator::SampleId& id : samples) {
    keys.emplace(evaluator::SampleKey(evaluation_id, id), std::move(id));
  }
  return keys;
}

std::vector<assay::v1::RatingItem> RatingItems(const std::string& evaluation_id,
                                               const evaluator::EvaluationPlan& plan,
                                               const std::vector<evaluator::Sample>& samples) {
  std::map<std::string, assay::v1::RatingItem> items;
  for (const evaluator::Sample& sample : samples) {
    if (!sample.error.empty()) continue;
    const std::string key = evaluator::SampleKey(evaluation_id, evaluator::IdOf(sample));
    assay::v1::RatingItem& item = items[key];
    item.set_sample(key);
    item.set_content_type(sample.content_type);
    item.set_prompt_id(sample.prompt_id);
    if (const auto* prompt = FindPrompt(plan, sample.prompt_id)) item.set_prompt(prompt->prompt);
    item.set_text(sample.generation.text);
    item.set_repeat(sample.repeat);
  }
  std::vector<assay::v1::RatingItem> all;
  for (auto& [key, item] : items) all.push_back(std::move(item));
  return all;
}

absl::StatusOr<evaluator::Rating> ToRating(const assay::v1::Rating& in, const SampleKeys& keys,
                                           absl::Time now) {
  evaluator::Rating rating{.rater = in.rater(), .rated_at = now};
  RETURN_IF_ERROR(CheckRater(in.rater()));
  ASSIGN_OR_RETURN(rating.sample, FindSample("sample", in.sample(), keys));
  if (in.has_rated_at()) {
    rating.rated_at =
        absl::FromUnixSeconds(in.rated_at().seconds()) + absl::Nanoseconds(in.rated_at().nanos());
  }
  RETURN_IF_ERROR(in.other_sample().empty() ? ReadScore(in, &rating)
                                            : ReadPreference(in, keys, &rating));
  return rating;
}

assay::v1::Rating ToProto(const std::string& evaluation_id, const evaluator::EvaluationPlan& plan,
                          const evaluator::Rating& rating) {
  assay::v1::Rating out;
  out.set_rater(rating.rater);
  out.set_sample(evaluator::SampleKey(evaluation_id, rating.sample));
  out.set_model(rating.sample.model);
  out.set_prompt_id(rating.sample.prompt_id);
  out.set_repeat(rating.sample.repeat);
  if (const auto* prompt = FindPrompt(plan, rating.sample.prompt_id)) {
    out.set_content_type(prompt->content_type);
  }
  if (rating.other) {
    out.set_other_sample(evaluator::SampleKey(evaluation_id, *rating.other));
    out.set_other_model(rating.other->model);
  }
  if (rating.score) out.set_score(*rating.score);
  // The values of both enumerations are equal.
  if (rating.preference) {
    out.set_preference(static_cast<assay::v1::Preference>(static_cast<int>(*rating.preference)));
  }
  *out.mutable_rated_at() = ToTimestamp(rating.rated_at);
  return out;
}

void ToProto(const evaluator::RatingSummary& summary, assay::v1::SummarizeRatingsResponse* out) {
  for (const evaluator::RaterAgreement& agreement : summary.agreements) {
    Fill(agreement, out->add_agreements());
  }
  for (const evaluator::ScoreCalibration& calibration : summary.calibrations) {
    Fill(calibration, out->add_calibrations());
  }
}

}  // namespace assay::server
