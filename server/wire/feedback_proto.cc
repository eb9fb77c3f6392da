// Converts the messages of assay.v1.FeedbackService to the evaluator's types and back.
#include "server/wire/feedback_proto.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/utf8.h"
#include "evaluator/stats/proportion.h"
#include "evaluator/stats/quantile.h"
#include "server/feedback/edit_distance.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

constexpr double kMaxRating = 10;
constexpr double kMaxConversionUsd = 1e9;
constexpr size_t kMaxCommentBytes = 4096;
constexpr size_t kMaxTextBytes = size_t{1} << 20;

absl::Status CheckRange(const char* field, double value, double max) {
  if (std::isfinite(value) && value >= 0 && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", value, " is out of range; give 0 to ", max));
}

absl::Status CheckSize(const char* field, size_t bytes, size_t max) {
  if (bytes <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": has ", bytes, " bytes; at most ", max, " are accepted"));
}

absl::StatusOr<std::optional<evaluator::FeedbackVerdict>> ToVerdict(
    assay::v1::FeedbackVerdict verdict) {
  switch (verdict) {
    case assay::v1::FEEDBACK_VERDICT_UNSPECIFIED:
      return std::nullopt;
    case assay::v1::FEEDBACK_VERDICT_ACCEPTED:
      return evaluator::FeedbackVerdict::kAccepted;
    case assay::v1::FEEDBACK_VERDICT_EDITED:
      return evaluator::FeedbackVerdict::kEdited;
    case assay::v1::FEEDBACK_VERDICT_REJECTED:
      return evaluator::FeedbackVerdict::kRejected;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("verdict: ", static_cast<int>(verdict),
                       " is unknown; give ACCEPTED, EDITED or REJECTED"));
  }
}

absl::StatusOr<std::optional<double>> ToDistance(const assay::v1::GiveFeedbackRequest& request) {
  if (request.edit_case() == assay::v1::GiveFeedbackRequest::EDIT_NOT_SET) return std::nullopt;
  if (request.verdict() != assay::v1::FEEDBACK_VERDICT_EDITED) {
    return absl::InvalidArgumentError(
        "edit: is set, but verdict is not EDITED; leave one of them out or set the verdict");
  }
  if (request.has_distance()) {
    RETURN_IF_ERROR(CheckRange("distance", request.distance(), 1));
    return request.distance();
  }
  const assay::v1::TextEdit& edit = request.text();
  RETURN_IF_ERROR(CheckSize("text.original", edit.original().size(), kMaxTextBytes));
  RETURN_IF_ERROR(CheckSize("text.final", edit.final().size(), kMaxTextBytes));
  const std::optional<double> distance = EditDistance(edit.original(), edit.final());
  if (distance.has_value()) return *distance;
  return absl::InvalidArgumentError(
      absl::StrCat("text: the texts differ over more than ", kMaxEditCells,
                   " pairs of characters; compute the distance yourself and set `distance`"));
}

assay::v1::FeedbackChange ToProto(evaluator::FeedbackChange change) {
  switch (change) {
    case evaluator::FeedbackChange::kAdded:
      return assay::v1::FEEDBACK_CHANGE_ADDED;
    case evaluator::FeedbackChange::kReplaced:
      return assay::v1::FEEDBACK_CHANGE_REPLACED;
    case evaluator::FeedbackChange::kUnchanged:
      return assay::v1::FEEDBACK_CHANGE_UNCHANGED;
    case evaluator::FeedbackChange::kNotGiven:
      break;
  }
  return assay::v1::FEEDBACK_CHANGE_UNSPECIFIED;
}

void SetRate(int64_t hits, int64_t n, assay::v1::ObservedRate* out) {
  const evaluator::ProportionInterval interval =
      evaluator::WilsonInterval(static_cast<double>(hits), n, evaluator::kConfidence);
  out->set_rate(static_cast<double>(hits) / static_cast<double>(n));
  out->set_ci_low(interval.low);
  out->set_ci_high(interval.high);
}

}  // namespace

absl::StatusOr<evaluator::FeedbackValues> ToValues(const assay::v1::GiveFeedbackRequest& request) {
  evaluator::FeedbackValues values;
  ASSIGN_OR_RETURN(values.verdict, ToVerdict(request.verdict()));
  ASSIGN_OR_RETURN(values.edit_distance, ToDistance(request));
  if (request.has_rating()) {
    RETURN_IF_ERROR(CheckRange("rating", request.rating(), kMaxRating));
    values.rating = request.rating();
  }
  if (request.has_conversion_usd()) {
    RETURN_IF_ERROR(CheckRange("conversion_usd", request.conversion_usd(), kMaxConversionUsd));
    values.conversion_usd = request.conversion_usd();
  }
  if (!request.comment().empty()) {
    RETURN_IF_ERROR(CheckSize("comment", request.comment().size(), kMaxCommentBytes));
    values.comment = request.comment();
  }
  if (!values.verdict && !values.rating && !values.conversion_usd && !values.comment) {
    return absl::InvalidArgumentError(
        "there is no feedback; set verdict, rating, conversion_usd or comment");
  }
  return values;
}

void ToProto(const evaluator::Feedback& feedback, assay::v1::Feedback* out) {
  const evaluator::ServedAnswer& answer = feedback.answer;
  const evaluator::FeedbackValues& values = feedback.values;
  out->set_request_id(answer.request_id);
  out->set_model(answer.model);
  out->set_revision(answer.revision);
  out->set_content_type(answer.content_type);
  out->set_rule(answer.rule);
  *out->mutable_answered_at() = ToTimestamp(answer.answered_at);
  // The values of both enumerations are equal.
  if (values.verdict) {
    out->set_verdict(static_cast<assay::v1::FeedbackVerdict>(static_cast<int>(*values.verdict)));
  }
  if (values.edit_distance) out->set_edit_distance(*values.edit_distance);
  if (values.rating) out->set_rating(*values.rating);
  if (values.conversion_usd) out->set_conversion_usd(*values.conversion_usd);
  if (values.comment) out->set_comment(*values.comment);
  *out->mutable_first_at() = ToTimestamp(feedback.first_at);
  *out->mutable_last_at() = ToTimestamp(feedback.last_at);
  out->set_cost_usd(answer.cost_usd);
}

void ToProto(const evaluator::FeedbackResult& result, assay::v1::GiveFeedbackResponse* out) {
  ToProto(result.feedback, out->mutable_feedback());
  out->set_verdict(ToProto(result.verdict));
  out->set_rating(ToProto(result.rating));
  out->set_conversion(ToProto(result.conversion));
  out->set_comment(ToProto(result.comment));
}

void ToProto(const evaluator::FeedbackTotals& totals, assay::v1::FeedbackSummary* out) {
  out->set_model(totals.model);
  out->set_content_type(totals.content_type);
  out->set_answers(totals.answers);
  out->set_accepted(totals.accepted);
  out->set_edited(totals.edited);
  out->set_rejected(totals.rejected);
  const int64_t used = totals.accepted + totals.edited;
  const int64_t verdicts = used + totals.rejected;
  if (verdicts > 0) SetRate(used, verdicts, out->mutable_acceptance());
  if (totals.edit_distances > 0) {
    out->set_edit_distance(totals.edit_distance_sum / static_cast<double>(totals.edit_distances));
  }
  out->set_ratings(totals.ratings);
  if (totals.ratings > 0) {
    out->set_rating(totals.rating_sum / static_cast<double>(totals.ratings));
  }
  out->set_conversions(totals.conversions);
  out->set_conversion_usd(totals.conversion_usd);
  if (totals.answers > 0) {
    SetRate(totals.converted_answers, totals.answers, out->mutable_conversion());
  }
  out->set_revisions(totals.revisions);
}

}  // namespace assay::server
