// A report's content independent of its format: sections of tables, charts and texts.
#ifndef ASSAY_EVALUATOR_REPORT_DOCUMENT_H_
#define ASSAY_EVALUATOR_REPORT_DOCUMENT_H_

#include <string>
#include <variant>
#include <vector>

namespace assay::evaluator {

// All strings are plain, untrusted text. The writers (DocumentAsHtml, DocumentAsMarkdown) clean and
// escape them. The only exception is Panel::svg, which is finished SVG.

enum class Tone { kPlain, kGood, kBad, kFaint };

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Column {
  std::string title;
  // True for right-aligned numbers.
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
  // True if the table is collapsed initially, in formats that support it.
  bool collapsed = false;
};
struct Panel {
  std::string title;
  std::string svg;
};
struct Chart {
  std::string title;
  // Explains how to read the chart.
  std::string note;
  std::vector<Panel> panels;
};
// A text by a model or user. Line breaks are kept.
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

// Returns one self-contained page without scripts and external resources. Its content security
// policy forbids both.
std::string DocumentAsHtml(const Document& document);

// Returns GitHub-flavored Markdown. Charts are left out; their figures are in the tables.
std::string DocumentAsMarkdown(const Document& document);

}  // namespace assay::evaluator

#endif  // ASSAY_EVALUATOR_REPORT_DOCUMENT_H_
