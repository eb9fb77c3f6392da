// A report's content, apart from how it is written: sections of tables, charts and texts.
#ifndef ASSAY_EVALUATOR_REPORT_DOCUMENT_H_
#define ASSAY_EVALUATOR_REPORT_DOCUMENT_H_

#include <string>
#include <variant>
#include <vector>

namespace assay::evaluator {

// All strings are plain and may be anything; whoever writes the document cleans and escapes them.
// A chart's panels alone are finished SVG.

enum class Tone { kPlain, kGood, kBad, kFaint };

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Column {
  std::string title;
  // Right-aligned.
  bool number = false;
};

struct Paragraph {
  std::string text;
  Tone tone = Tone::kPlain;
};
struct List {
  std::vector<std::string> items;
};
struct Table {
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  // Behind a line to open, where the document can.
  bool folded = false;
};
struct Panel {
  std::string title;
  std::string svg;
};
struct Chart {
  std::string title;
  // How to read it.
  std::string note;
  std::vector<Panel> panels;
};
// Somebody else's words, line breaks kept.
struct Quote {
  std::string title;
  std::string text;
};
struct Code {
  std::string text;
};

using Block = std::variant<Paragraph, List, Table, Chart, Quote, Code>;

struct Section {
  std::string title;
  std::vector<Block> blocks;
};

struct Document {
  std::string title;
  // Facts of one line each: id, state, times.
  std::vector<std::string> facts;
  std::vector<Section> sections;
};

// One self-contained page: no script, nothing fetched. Content security policy and all.
std::string DocumentAsHtml(const Document& document);

// GitHub's Markdown. Charts are left out: their figures stand in tables.
std::string DocumentAsMarkdown(const Document& document);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_DOCUMENT_H_
