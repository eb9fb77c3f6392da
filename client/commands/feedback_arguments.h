// The options of `feedback`, `ab`, `rate` and `ratings`.
#ifndef ASSAY_CLIENT_COMMANDS_FEEDBACK_ARGUMENTS_H_
#define ASSAY_CLIENT_COMMANDS_FEEDBACK_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace assay::client {

struct Arguments;

// The options of `feedback`.
struct FeedbackOptions {
  std::string request_id;
  bool accepted = false;
  bool rejected = false;
  // The file with the text that was used, and the one with the generated text.
  std::string edited_file;
  std::string original_file;
  // The edit distance, instead of the two files.
  std::optional<double> distance;
  std::optional<double> rating;
  std::optional<double> conversion_usd;
  std::string comment;
  // For `list` and `summary`.
  std::string content_type;
  std::string model;
};

// The options of `ab`. Zero leaves the server's defaults.
struct AbOptions {
  std::string content_type;
  double alpha = 0;
  double acceptance_margin = 0;
  double rating_margin = 0;
  double value_margin = 0;
};

// The options of `rate` and `ratings`.
struct RatingOptions {
  std::string evaluation;
  // Scores are the default; both together are refused.
  bool scale = false;
  bool pairwise = false;
  // Empty: the name of the user.
  std::string rater;
  std::string content_type;
  // The number of texts or pairs to show; 0: all.
  int32_t limit = 0;
  // The seed of the order. Absent: a random one.
  std::optional<uint64_t> seed;
  // The file of `export` and `import`.
  std::string file;
};

// Adds the commands to the parser. `arguments` must outlive it.
void AddFeedback(CLI::App& app, Arguments& arguments);
void AddAb(CLI::App& app, Arguments& arguments);
void AddRatings(CLI::App& app, Arguments& arguments);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_COMMANDS_FEEDBACK_ARGUMENTS_H_
