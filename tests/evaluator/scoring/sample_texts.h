// A prompt with a good and a thin answer, and their scores.
#ifndef ASSAY_TESTS_EVALUATOR_SCORING_SAMPLE_TEXTS_H_
#define ASSAY_TESTS_EVALUATOR_SCORING_SAMPLE_TEXTS_H_

#include <string>

#include "evaluator/scoring/assay_scorer.h"

namespace assay::evaluator {

inline constexpr char kPrompt[] =
    "Write a LinkedIn post (100 to 300 words) about what a small content studio learned from "
    "cutting its client "
    "newsletter from 1,200 to 400 words: the click rate rose from 2.1 % to 3.8 %.";
inline constexpr char kGood[] =
    "We cut our client newsletter from 1,200 to 400 words. The click rate rose from 2.1 % to 3.8 "
    "%.\n\n"
    "For two years we believed that more was better. Every month three of us spent two days on "
    "eleven stories, and "
    "most readers never got past the second. We only noticed because we measured where people "
    "stopped.\n\n"
    "So in March we tried one rule: one story, one number, one question. The first short issue "
    "took four hours "
    "instead of sixteen. Replies doubled within six weeks, and two clients asked us how we did "
    "it.\n\n"
    "What we learned: length was our comfort, not our readers' need. A strategy that saves them "
    "time earns more trust "
    "than another paragraph about growth.\n\n"
    "What is the one section of your newsletter nobody would miss? Tell us in the comments, and we "
    "will share our "
    "checklist for free.";
inline constexpr char kThin[] =
    "Newsletters are important. You should write good newsletters for your clients.";

inline double ScoreOf(const std::string& type, const std::string& text,
                      const std::string& prompt = kPrompt,
                      const std::string& finish = "end_of_text") {
  return AssayScorer()
      .ScoreText({.content_type = type, .prompt = prompt, .text = text, .finish_reason = finish})
      ->overall;
}

}  // namespace assay::evaluator

#endif  // ASSAY_TESTS_EVALUATOR_SCORING_SAMPLE_TEXTS_H_
