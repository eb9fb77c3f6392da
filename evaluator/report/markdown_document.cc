// The Markdown writer for documents.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "evaluator/report/document.h"
#include "evaluator/report/plain_text.h"

namespace assay::evaluator {
namespace {

std::string Escaped(const std::string& text) { return EscapeMarkdown(CleanLine(text)); }

// Returns a code block with a fence that is longer than any run of backticks inside.
std::string Fenced(const std::string& raw) {
  const std::string text = CleanText(raw);
  size_t longest = 0;
  size_t run = 0;
  for (char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(std::max<size_t>(longest + 1, 3), '`');
  return absl::StrCat(fence, "text\n", text, text.ends_with('\n') ? "" : "\n", fence, "\n\n");
}

class MarkdownWriter {
 public:
  void operator()(const Paragraph& block) { absl::StrAppend(&out, Escaped(block.text), "\n\n"); }

  void operator()(const List& block) {
    for (const std::string& item : block.items) absl::StrAppend(&out, "- ", Escaped(item), "\n");
    out += '\n';
  }

  void operator()(const Table& block) {
    if (!block.caption.empty()) absl::StrAppend(&out, "**", Escaped(block.caption), "**\n\n");
    std::string rule = "|";
    out += '|';
    for (const Column& column : block.columns) {
      absl::StrAppend(&out, " ", Escaped(column.title), " |");
      rule += column.number ? " ---: |" : " --- |";
    }
    absl::StrAppend(&out, "\n", rule, "\n");
    for (const std::vector<Cell>& row : block.rows) {
      out += '|';
      for (const Cell& cell : row) absl::StrAppend(&out, " ", Escaped(cell.text), " |");
      out += '\n';
    }
    out += '\n';
  }

  void operator()(const Chart& /*block*/) {}

  void operator()(const Quote& block) {
    absl::StrAppend(&out, "**", Escaped(block.title), "**\n\n", Fenced(block.text));
  }

  void operator()(const Code& block) { out += Fenced(block.text); }

  std::string out;
};

}  // namespace

std::string DocumentAsMarkdown(const Document& document) {
  MarkdownWriter writer;
  absl::StrAppend(&writer.out, "# ", Escaped(document.title), "\n\n");
  writer(List{document.facts});
  for (const Section& section : document.sections) {
    absl::StrAppend(&writer.out, "## ", Escaped(section.title), "\n\n");
    for (const Block& block : section.blocks) std::visit(writer, block);
  }
  return std::move(writer.out);
}

}  // namespace assay::evaluator
