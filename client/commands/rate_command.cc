// assay rate.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/commands/commands.h"
#include "client/commands/rating_calls.h"

namespace assay::client {
namespace {

using Stub = v1::RatingService::Stub;

constexpr double kMaxScore = 10;

// One question: a text, or two texts for the same prompt in the order in which they are shown.
struct Question {
  const v1::RatingItem* item = nullptr;
  const v1::RatingItem* other = nullptr;
};

// Shuffles in the same way on every platform.
template <typename T>
void Shuffle(std::vector<T>* values, std::mt19937_64& random) {
  for (size_t i = values->size(); i > 1; --i) std::swap((*values)[i - 1], (*values)[random() % i]);
}

using Pair = std::pair<std::string, std::string>;

Pair Ordered(const std::string& a, const std::string& b) { return a < b ? Pair(a, b) : Pair(b, a); }

std::vector<Question> ScaleQuestions(const std::vector<v1::RatingItem>& items,
                                     const std::vector<v1::Rating>& known) {
  std::set<std::string> done;
  for (const v1::Rating& rating : known) {
    if (rating.has_score()) done.insert(rating.sample());
  }
  std::vector<Question> questions;
  for (const v1::RatingItem& item : items) {
    if (!done.contains(item.sample())) questions.push_back({.item = &item});
  }
  return questions;
}

// Returns the pairs of different texts for the same prompt and repeat, each in random order.
std::vector<Question> PairQuestions(const std::vector<v1::RatingItem>& items,
                                    const std::vector<v1::Rating>& known, std::mt19937_64& random) {
  std::set<Pair> done;
  for (const v1::Rating& rating : known) {
    if (!rating.has_score()) done.insert(Ordered(rating.sample(), rating.other_sample()));
  }
  std::map<std::pair<std::string, int>, std::vector<const v1::RatingItem*>> groups;
  for (const v1::RatingItem& item : items) {
    groups[{item.prompt_id(), item.repeat()}].push_back(&item);
  }
  std::vector<Question> questions;
  for (const auto& [prompt, group] : groups) {
    for (size_t i = 0; i < group.size(); ++i) {
      for (size_t j = i + 1; j < group.size(); ++j) {
        if (group[i]->text() == group[j]->text()) continue;
        if (done.contains(Ordered(group[i]->sample(), group[j]->sample()))) continue;
        Question question{.item = group[i], .other = group[j]};
        if (random() % 2 == 1) std::swap(question.item, question.other);
        questions.push_back(question);
      }
    }
  }
  return questions;
}

// Reads the answer to a question. Returns false if it is not understood.
bool ReadAnswer(const std::string& answer, v1::Rating* rating) {
  if (rating->other_sample().empty()) {
    double score = 0;
    if (!absl::SimpleAtod(answer, &score) || !(score >= 0 && score <= kMaxScore)) return false;
    rating->set_score(score);
    return true;
  }
  if (answer == "a") rating->set_preference(v1::PREFERENCE_SAMPLE);
  if (answer == "b") rating->set_preference(v1::PREFERENCE_OTHER);
  if (answer == "t") rating->set_preference(v1::PREFERENCE_TIE);
  return rating->preference() != v1::PREFERENCE_UNSPECIFIED;
}

// Asks the questions and stores each answer at once.
class Interview {
 public:
  Interview(const Session& session, std::string rater)
      : session_(session), rater_(std::move(rater)) {}

  // Returns false if the user stops, the input ends or the call fails; status() then has the error.
  bool Ask(const Question& question, size_t number, size_t total) {
    Show(question, number, total);
    v1::Rating rating;
    rating.set_rater(rater_);
    rating.set_sample(question.item->sample());
    if (question.other != nullptr) rating.set_other_sample(question.other->sample());
    while (true) {
      session_.streams.err << (question.other == nullptr
                                   ? "score 0-10, s skip, q stop: "
                                   : "a or b is better, t tie, s skip, q stop: ")
                           << std::flush;
      std::string line;
      if (!std::getline(session_.streams.in, line)) return false;
      const std::string answer = absl::AsciiStrToLower(absl::StripAsciiWhitespace(line));
      if (answer == "q") return false;
      if (answer == "s") return true;
      if (ReadAnswer(answer, &rating)) return Send(rating);
      session_.streams.err << "'" << OneLine(answer) << "' is no answer\n";
    }
  }

  int rated() const { return rated_; }
  const grpc::Status& status() const { return status_; }

 private:
  void Show(const Question& question, size_t number, size_t total) {
    session_.streams.out << "\n[" << number << "/" << total << "] "
                         << OneLine(question.item->content_type())
                         << "\nPROMPT: " << TerminalFilter().Filter(question.item->prompt())
                         << "\n";
    ShowText(question.other == nullptr ? "TEXT" : "A", *question.item);
    if (question.other != nullptr) ShowText("B", *question.other);
    session_.streams.out << std::flush;
  }

  void ShowText(const char* title, const v1::RatingItem& item) {
    session_.streams.out << "--- " << title << " ---\n"
                         << TerminalFilter().Filter(item.text()) << "\n";
  }

  bool Send(const v1::Rating& rating) {
    v1::AddRatingsRequest request;
    request.set_evaluation_id(session_.arguments.rating.evaluation);
    *request.add_ratings() = rating;
    v1::AddRatingsResponse reply;
    status_ = Call(session_.connection, &Stub::AddRatings, request, &reply);
    rated_ += status_.ok() ? 1 : 0;
    return status_.ok();
  }

  const Session& session_;
  const std::string rater_;
  int rated_ = 0;
  grpc::Status status_;
};

std::string RaterName(const RatingOptions& options) {
  if (!options.rater.empty()) return options.rater;
  const char* user = std::getenv("USER");
  return user == nullptr ? "" : user;
}

}  // namespace

int Rate(const Session& session) {
  const RatingOptions& options = session.arguments.rating;
  const std::string rater = RaterName(options);
  if (rater.empty()) {
    return ReportUsageError(
        session, absl::InvalidArgumentError("--rater: is required, because $USER is not set"));
  }
  std::vector<v1::RatingItem> items;
  if (grpc::Status s = ReadItems(session, &items); !s.ok()) {
    return session.connection.ReportFailure(s);
  }
  std::vector<v1::Rating> known;
  if (grpc::Status s = ReadRatings(session, rater, &known); !s.ok()) {
    return session.connection.ReportFailure(s);
  }
  if (!options.content_type.empty()) {
    std::erase_if(items, [&options](const v1::RatingItem& item) {
      return item.content_type() != options.content_type;
    });
  }
  std::mt19937_64 random(options.seed ? *options.seed : std::random_device{}());
  std::vector<Question> questions =
      options.pairwise ? PairQuestions(items, known, random) : ScaleQuestions(items, known);
  Shuffle(&questions, random);
  const size_t open = questions.size();
  if (options.limit > 0) questions.resize(std::min(open, static_cast<size_t>(options.limit)));
  Interview interview(session, rater);
  for (size_t i = 0; i < questions.size(); ++i) {
    if (!interview.Ask(questions[i], i + 1, questions.size())) break;
  }
  if (!interview.status().ok()) return session.connection.ReportFailure(interview.status());
  session.streams.err << "\n"
                      << interview.rated() << " rated by " << OneLine(rater) << ", "
                      << open - static_cast<size_t>(interview.rated()) << " left\n";
  return kExitOk;
}

}  // namespace assay::client
