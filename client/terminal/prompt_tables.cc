// Recorded prompts as text.
#include "client/terminal/prompt_tables.h"

#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "client/terminal/console.h"
#include "client/terminal/report.h"

namespace assay::client {
namespace {

constexpr size_t kShownBytes = 60;
constexpr int kFirstNumber = 5;

std::string Dash(const std::string& text) { return text.empty() ? "-" : OneLine(text); }

std::string Beginning(const std::string& text) {
  const std::string line = OneLine(text);
  if (line.size() <= kShownBytes) return line;
  return absl::StrCat(std::string(Utf8Prefix(line, kShownBytes)), "...");
}

}  // namespace

std::string PromptTable(const v1::ListPromptsResponse& reply) {
  Table table{.header = {"REQUEST", "TIME", "CONTENT TYPE", "MODEL", "PROMPT", "REDACTED"},
              .first_right = kFirstNumber};
  for (const v1::RecordedPrompt& prompt : reply.prompts()) {
    table.rows.push_back({OneLine(prompt.request_id()), FormatTime(prompt.recorded_at()),
                          Dash(prompt.content_type()), OneLine(prompt.model()),
                          Beginning(prompt.prompt()),
                          prompt.redacted() ? absl::StrCat(prompt.redactions()) : "off"});
  }
  std::string text = reply.prompts().empty() ? "" : FormatTable(table);
  absl::StrAppend(
      &text, reply.prompts_size(), " of ", reply.total(), " recorded prompts",
      reply.recording() ? "" : "; the server does not record now (recording.prompts is false)",
      "\n");
  if (reply.dropped() > 0) {
    absl::StrAppend(&text, reply.dropped(), " prompts could not be recorded since the start\n");
  }
  return text;
}

}  // namespace assay::client
