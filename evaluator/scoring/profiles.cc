// The built-in content types.
#include "evaluator/scoring/profiles.h"

#include <algorithm>
#include <numeric>

#include "evaluator/scoring/tweet_length.h"

namespace assay::evaluator {
namespace {

constexpr int kLinkedInCharacters = 3000;

// Weights are in the order of Dimension: length, structure, engagement, authority, conversion,
// vocabulary, readability, specificity, relevance, diversity, hashtags.
constexpr Weights kTwitterWeights = {.20, .12, .14, .02, .06, .03, .00, .14, .19, .05, .05};
constexpr Weights kLinkedInWeights = {.18, .15, .14, .04, .05, .04, .04, .12, .16, .05, .03};
constexpr Weights kTechnicalWeights = {.15, .18, .02, .05, .00, .05, .05, .18, .22, .10, .00};
constexpr Weights kBusinessWeights = {.15, .12, .05, .04, .05, .05, .05, .18, .22, .09, .00};
constexpr Weights kEmailWeights = {.12, .22, .08, .02, .10, .03, .04, .13, .18, .08, .00};
constexpr Weights kBlogWeights = {.13, .17, .12, .04, .03, .04, .05, .14, .19, .09, .00};
constexpr Weights kDefaultWeights = {.15, .05, .10, .04, .05, .04, .05, .16, .23, .13, .00};

const std::vector<std::string>& BusinessWords() {
  static const auto* words = new std::vector<std::string>{
      "strategy",     "optimization", "implementation", "efficiency", "growth",   "revenue",
      "productivity", "process",      "client",         "customer",   "budget",   "margin",
      "forecast",     "stakeholder",  "priority",       "objective",  "invoice",  "contract",
      "market",       "performance",  "investment",     "quarter",    "proposal", "analytics"};
  return *words;
}

const std::vector<std::string>& TechnicalWords() {
  static const auto* words = new std::vector<std::string>{
      "latency", "cache",   "server",    "database",      "memory",       "throughput",
      "request", "timeout", "retry",     "backup",        "restore",      "migration",
      "index",   "query",   "deploy",    "test",          "benchmark",    "algorithm",
      "error",   "storage", "bandwidth", "configuration", "monitoring",   "rollback",
      "client",  "api",     "weights",   "precision",     "quantization", "tokens"};
  return *words;
}

const std::vector<std::string>& AudienceWords() {
  static const auto* words = new std::vector<std::string>{
      "readers", "audience", "customers", "community", "newsletter", "content",  "team",
      "clients", "story",    "launch",    "feedback",  "brand",      "campaign", "strategy",
      "growth",  "process",  "project",   "workflow",  "editor",     "draft"};
  return *words;
}

ContentTypeProfile Twitter() {
  return {.name = "twitter",
          .unit = LengthUnit::kTweetCharacters,
          .length = {70, kMaxTweetLength},
          .platform_limit = kMaxTweetLength,
          .grade = {4, 10},
          .max_hashtags = 2,
          .expects = {Element::kHook, Element::kCallToAction},
          .vocabulary = AudienceWords(),
          .weights = kTwitterWeights};
}

ContentTypeProfile LinkedIn() {
  return {.name = "linkedin",
          .length = {100, 300},
          .platform_limit = kLinkedInCharacters,
          .grade = {5, 11},
          .max_hashtags = 5,
          .expects = {Element::kHook, Element::kCallToAction},
          .vocabulary = BusinessWords(),
          .weights = kLinkedInWeights};
}

ContentTypeProfile Technical() {
  return {.name = "technical",
          .length = {200, 500},
          .grade = {7, 14},
          .expects = {Element::kHeadings, Element::kList, Element::kCode},
          .expects_at_least = 2,
          .vocabulary = TechnicalWords(),
          .weights = kTechnicalWeights};
}

ContentTypeProfile Business() {
  return {.name = "business",
          .length = {120, 350},
          .grade = {7, 13},
          .expects = {Element::kHeadings, Element::kList, Element::kConclusion},
          .expects_at_least = 1,
          .vocabulary = BusinessWords(),
          .weights = kBusinessWeights};
}

ContentTypeProfile Email() {
  return {
      .name = "email",
      .length = {60, 220},
      .grade = {5, 11},
      .expects = {Element::kSubject, Element::kGreeting, Element::kCallToAction, Element::kSignOff},
      .vocabulary = BusinessWords(),
      .weights = kEmailWeights};
}

ContentTypeProfile Blog() {
  return {.name = "blog",
          .length = {200, 800},
          .grade = {5, 11},
          .expects = {Element::kHook, Element::kHeadings, Element::kList, Element::kConclusion,
                      Element::kCallToAction},
          .expects_at_least = 3,
          .vocabulary = AudienceWords(),
          .weights = kBlogWeights};
}

ContentTypeProfile Default() {
  return {.name = "default",
          .length = {40, 600},
          .grade = {5, 13},
          .max_hashtags = 2,
          .expects = {Element::kHook},
          .vocabulary = BusinessWords(),
          .weights = kDefaultWeights};
}

}  // namespace

const std::array<std::string_view, kDimensions> kDimensionMeanings = {
    "the length is in the content type's band",
    "the content type's expected elements are there",
    "there are a question, an insight and a benefit for the reader",
    "there are three phrases of authority, such as \"tested\"",
    "there are a call to action, an offer, a deadline and a contact",
    "there is one different term of the content type per 40 words",
    "the reading grade is in the content type's band",
    "there are two numbers, units or names per 40 words",
    "half of the prompt's content words occur",
    "70 % of the words near each other are different",
    "there are no more hashtags than the content type allows"};

bool IsEnglishOnly(Dimension dimension) {
  switch (dimension) {
    case Dimension::kEngagement:
    case Dimension::kAuthority:
    case Dimension::kConversion:
    case Dimension::kVocabulary:
    case Dimension::kReadability:
      return true;
    case Dimension::kLength:
    case Dimension::kStructure:
    case Dimension::kSpecificity:
    case Dimension::kRelevance:
    case Dimension::kDiversity:
    case Dimension::kHashtags:
      return false;
  }
  return false;
}

const std::vector<ContentTypeProfile>& BuiltInProfiles() {
  static const auto* profiles = new std::vector<ContentTypeProfile>{
      Twitter(), LinkedIn(), Technical(), Business(), Email(), Blog(), Default()};
  return *profiles;
}

const ContentTypeProfile* FindProfile(const std::vector<ContentTypeProfile>& profiles,
                                      std::string_view name) {
  const auto found =
      std::find_if(profiles.begin(), profiles.end(),
                   [name](const ContentTypeProfile& profile) { return profile.name == name; });
  return found == profiles.end() ? nullptr : &*found;
}

void NormalizeWeights(Weights* weights) {
  const double sum = std::accumulate(weights->begin(), weights->end(), 0.0);
  for (double& weight : *weights) weight /= sum;
}

}  // namespace assay::evaluator
