// What people say about answers in use.
#ifndef ASSAY_EVALUATOR_RECORDS_FEEDBACK_H_
#define ASSAY_EVALUATOR_RECORDS_FEEDBACK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace assay::evaluator {

// Names the model that answered a request. Contains neither prompt nor text.
struct ServedAnswer {
  // 1 to 128 visible ASCII characters. A client may use one id several times.
  std::string request_id;
  std::string model;
  std::string revision;
  // Empty: the request had none.
  std::string content_type;
  // A rule of registry::RouteDecision.
  std::string rule;
  absl::Time answered_at;
  // Identifies a customer or session. Empty: the request had no routing key.
  std::string key_hash;
  double cost_usd = 0;
};

// What was done with an answer. The values are stored.
enum class FeedbackVerdict { kAccepted = 1, kEdited = 2, kRejected = 3 };

// The feedback on one answer. A kind that was not given is absent.
struct FeedbackValues {
  std::optional<FeedbackVerdict> verdict;
  // From 0 (equal) to 1. Only with kEdited.
  std::optional<double> edit_distance;
  // From 0 to 10.
  std::optional<double> rating;
  // The value in USD of what the answer led to.
  std::optional<double> conversion_usd;
  std::optional<std::string> comment;
};

struct Feedback {
  ServedAnswer answer;
  FeedbackValues values;
  absl::Time first_at;
  absl::Time last_at;
};

// What became of one kind of feedback.
enum class FeedbackChange { kNotGiven, kAdded, kReplaced, kUnchanged };

// The result of giving feedback.
struct FeedbackResult {
  Feedback feedback;
  FeedbackChange verdict = FeedbackChange::kNotGiven;
  FeedbackChange rating = FeedbackChange::kNotGiven;
  FeedbackChange conversion = FeedbackChange::kNotGiven;
  FeedbackChange comment = FeedbackChange::kNotGiven;
};

// The feedback on one model's answers of one content type.
struct FeedbackTotals {
  std::string model;
  std::string content_type;
  // Remembered answers, with or without feedback, and those of them that have a conversion above 0.
  int64_t answers = 0;
  int64_t converted_answers = 0;
  int64_t accepted = 0;
  int64_t edited = 0;
  int64_t rejected = 0;
  // Edited answers with an edit distance, and the sum of these.
  int64_t edit_distances = 0;
  double edit_distance_sum = 0;
  int64_t ratings = 0;
  double rating_sum = 0;
  int64_t conversions = 0;
  double conversion_usd = 0;
  // The number of revisions that the feedback is about.
  int64_t revisions = 0;
};

// The number of units with a value, the sum of the values and of their squares.
struct UnitSums {
  int64_t n = 0;
  double sum = 0;
  double squares = 0;
};

// The feedback on one model's answers by the weighted route of a content type. A unit is a routing
// key, or a request without one; its value is the mean over its answers.
struct ArmTotals {
  std::string model;
  int64_t answers = 0;
  int64_t revisions = 0;
  // 1 for accepted and edited answers, 0 for rejected ones.
  UnitSums acceptance;
  UnitSums rating;
  // The conversion per remembered answer in USD; 0 for an answer without one.
  UnitSums value;
};

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_RECORDS_FEEDBACK_H_
