// Feedback and A/B comparisons as text.
#include "client/terminal/feedback_tables.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr double kPercent = 100;
constexpr int kFeedbackNumbers = 5;
constexpr int kSummaryNumbers = 2;
constexpr int kArmNumbers = 1;

std::string Dash(const std::string& text) { return text.empty() ? "-" : OneLine(text); }

std::string VerdictWord(v1::FeedbackVerdict verdict) {
  if (verdict == v1::FEEDBACK_VERDICT_UNSPECIFIED) return "-";
  return EnumWord(v1::FeedbackVerdict_Name(verdict), "FEEDBACK_VERDICT_");
}

std::string RateText(bool present, const v1::ObservedRate& rate) {
  if (!present) return "-";
  return absl::StrFormat("%.1f %% (%.1f..%.1f)", kPercent * rate.rate(), kPercent * rate.ci_low(),
                         kPercent * rate.ci_high());
}

void AddChange(const char* kind, v1::FeedbackChange change, std::vector<std::string>* words) {
  if (change == v1::FEEDBACK_CHANGE_UNSPECIFIED) return;
  words->push_back(
      absl::StrCat(kind, " ", EnumWord(v1::FeedbackChange_Name(change), "FEEDBACK_CHANGE_")));
}

}  // namespace

std::string FeedbackLine(const v1::GiveFeedbackResponse& reply) {
  std::vector<std::string> words;
  AddChange("verdict", reply.verdict(), &words);
  AddChange("rating", reply.rating(), &words);
  AddChange("conversion", reply.conversion(), &words);
  AddChange("comment", reply.comment(), &words);
  const v1::Feedback& feedback = reply.feedback();
  std::string edit;
  if (feedback.has_edit_distance()) {
    edit = absl::StrFormat(", edit distance %.3f", feedback.edit_distance());
  }
  return absl::StrCat(OneLine(feedback.request_id()), " (", OneLine(feedback.model()), ", ",
                      Dash(feedback.content_type()), "): ", absl::StrJoin(words, ", "), edit, "\n");
}

std::string FeedbackTable(const google::protobuf::RepeatedPtrField<v1::Feedback>& feedback) {
  Table table{.header = {"REQUEST", "FIRST", "MODEL", "CONTENT TYPE", "VERDICT", "EDIT", "RATING",
                         "CONVERSION"},
              .first_right = kFeedbackNumbers};
  for (const v1::Feedback& one : feedback) {
    table.rows.push_back(
        {OneLine(one.request_id()), FormatTime(one.first_at()), OneLine(one.model()),
         Dash(one.content_type()), VerdictWord(one.verdict()),
         one.has_edit_distance() ? absl::StrFormat("%.3f", one.edit_distance()) : "-",
         one.has_rating() ? absl::StrFormat("%g", one.rating()) : "-",
         one.has_conversion_usd() ? FormatUsd(one.conversion_usd()) : "-"});
  }
  return FormatTable(table);
}

std::string FeedbackSummaryTable(const v1::SummarizeFeedbackResponse& reply) {
  Table table{.header = {"MODEL", "CONTENT TYPE", "ANSWERS", "ACCEPTED", "EDITED", "REJECTED",
                         "ACCEPTANCE (95% CI)", "EDIT", "RATINGS", "RATING", "CONVERSIONS", "VALUE",
                         "CONVERSION RATE (95% CI)"},
              .first_right = kSummaryNumbers};
  for (const v1::FeedbackSummary& s : reply.summaries()) {
    table.rows.push_back({OneLine(s.model()), Dash(s.content_type()), absl::StrCat(s.answers()),
                          absl::StrCat(s.accepted()), absl::StrCat(s.edited()),
                          absl::StrCat(s.rejected()), RateText(s.has_acceptance(), s.acceptance()),
                          s.has_edit_distance() ? absl::StrFormat("%.3f", s.edit_distance()) : "-",
                          absl::StrCat(s.ratings()),
                          s.has_rating() ? absl::StrFormat("%.2f", s.rating()) : "-",
                          absl::StrCat(s.conversions()), FormatUsd(s.conversion_usd()),
                          RateText(s.has_conversion(), s.conversion())});
  }
  std::string text = FormatTable(table);
  if (reply.forgotten_answers() > 0) {
    absl::StrAppend(&text, reply.forgotten_answers(),
                    " answers could not be remembered; feedback on them is not possible\n");
  }
  return text;
}

std::string ArmsText(const v1::CompareArmsResponse& reply) {
  Table table{
      .header = {"ARM", "WEIGHT", "ANSWERS", "N", "ACCEPTANCE", "N", "RATING", "N", "VALUE/ANSWER"},
      .first_right = kArmNumbers};
  for (const v1::Arm& arm : reply.arms()) {
    table.rows.push_back(
        {OneLine(arm.model()), absl::StrFormat("%.0f %%", kPercent * arm.weight()),
         absl::StrCat(arm.answers()), absl::StrCat(arm.acceptance_n()),
         arm.has_acceptance() ? absl::StrFormat("%.1f %%", kPercent * arm.acceptance()) : "-",
         absl::StrCat(arm.rating_n()),
         arm.has_rating() ? absl::StrFormat("%.2f", arm.rating()) : "-",
         absl::StrCat(arm.value_n()), arm.has_value_usd() ? FormatUsd(arm.value_usd()) : "-"});
  }
  std::string text = FormatTable(table);
  if (reply.comparisons().empty()) absl::StrAppend(&text, "\nthere is no feedback yet\n");
  for (const v1::ArmComparison& comparison : reply.comparisons()) {
    absl::StrAppend(&text, &comparison == &reply.comparisons(0) ? "\n" : "",
                    OneLine(comparison.decision()), "\n");
  }
  for (const std::string& note : reply.notes()) {
    absl::StrAppend(&text, "note: ", OneLine(note), "\n");
  }
  return text;
}

}  // namespace assay::client
