// Kinds of options that several commands have.
#include "client/commands/option_kinds.h"

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"

namespace assay::client {

std::string ReadAge(const std::string& text, double* seconds) {
  constexpr double kDayHours = 24;
  absl::Duration age;
  double days = 0;
  if (text.ends_with('d') && absl::SimpleAtod(text.substr(0, text.size() - 1), &days)) {
    age = absl::Hours(days * kDayHours);
  } else if (!absl::ParseDuration(text, &age)) {
    return "must be a time such as 7d, 36h or 90m";
  }
  const absl::Duration longest = absl::Hours(1000 * 365 * kDayHours);
  if (age >= longest) return "must be below 1000 years";
  *seconds = absl::ToDoubleSeconds(age);
  return age > absl::ZeroDuration() ? "" : "must be above 0";
}

void AddAge(CLI::App* command, const char* name, double* seconds, const std::string& help) {
  command->add_option_function<std::string>(
      name,
      [name, seconds](const std::string& text) {
        if (const std::string error = ReadAge(text, seconds); !error.empty()) {
          throw CLI::ValidationError(name, error);
        }
      },
      help);
}

CLI::Option* AddList(CLI::App* command, const std::string& name, std::vector<std::string>& words,
                     const std::string& help) {
  return command->add_option(name, words, help)->take_all()->expected(1)->allow_extra_args(false);
}

}  // namespace assay::client
