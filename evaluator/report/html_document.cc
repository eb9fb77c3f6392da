// The HTML writer for documents.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "evaluator/report/document.h"
#include "evaluator/report/page_style.h"
#include "evaluator/report/plain_text.h"

namespace assay::evaluator {
namespace {

// Longer texts get a wide column, which shows several words per line.
constexpr size_t kWideBytes = 40;

std::string Escaped(const std::string& text) { return EscapeHtml(CleanLine(text)); }

std::string EscapedLines(const std::string& text) { return EscapeHtml(CleanText(text)); }

absl::string_view ToneClass(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kGood:
      return "good";
    case Tone::kBad:
      return "bad";
    case Tone::kFaint:
      return "faint";
  }
  return "";
}

// Allows line breaks after the punctuation of names, so that they fit a narrow column.
std::string WithBreaks(const std::string& escaped) {
  return absl::StrReplaceAll(escaped, {{"_", "_<wbr>"}, {":", ":<wbr>"}, {"/", "/<wbr>"}});
}

std::string ClassAttribute(absl::string_view first, absl::string_view second) {
  if (first.empty() && second.empty()) return "";
  return absl::StrCat(" class=\"", first, first.empty() || second.empty() ? "" : " ", second, "\"");
}

class HtmlWriter {
 public:
  void operator()(const Paragraph& block) {
    absl::StrAppend(&out, "<p", ClassAttribute(ToneClass(block.tone), ""), ">", Escaped(block.text),
                    "</p>\n");
  }

  void operator()(const List& block) {
    if (block.items.empty()) return;
    out += "<ul>\n";
    for (const std::string& item : block.items) {
      absl::StrAppend(&out, "<li>", Escaped(item), "</li>\n");
    }
    out += "</ul>\n";
  }

  void operator()(const Table& block) {
    if (block.collapsed) {
      absl::StrAppend(&out, "<details><summary>", Escaped(block.caption), "</summary>\n");
    } else {
      // A <caption> would be as wide as the table and scroll with it.
      absl::StrAppend(&out, "<p class=\"caption\">", Escaped(block.caption), "</p>\n");
    }
    // Only the box scrolls horizontally, not the page. tabindex makes it scroll by keyboard.
    absl::StrAppend(&out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"",
                    Escaped(block.caption), "\"><table",
                    ClassAttribute(block.columns.size() == 2 ? "pairs" : "", ""), ">\n");
    out += "<thead><tr>";
    for (const Column& column : block.columns) {
      absl::StrAppend(&out, "<th scope=\"col\"", ClassAttribute(column.number ? "num" : "", ""),
                      ">", Escaped(column.title), "</th>");
    }
    out += "</tr></thead>\n<tbody>\n";
    for (const std::vector<Cell>& row : block.rows) WriteRow(block, row);
    absl::StrAppend(&out, "</tbody></table></div>\n", block.collapsed ? "</details>\n" : "");
  }

  void operator()(const Chart& block) {
    absl::StrAppend(&out, "<h3>", Escaped(block.title), "</h3>\n<p class=\"faint\">",
                    Escaped(block.note), "</p>\n<div class=\"panels\">\n");
    for (const Panel& panel : block.panels) {
      absl::StrAppend(&out, "<figure>", panel.title.empty() ? "" : "<figcaption>",
                      Escaped(panel.title), panel.title.empty() ? "" : "</figcaption>", panel.svg,
                      "</figure>\n");
    }
    out += "</div>\n";
  }

  void operator()(const Quote& block) {
    absl::StrAppend(&out, "<h4>", Escaped(block.title), "</h4>\n<pre class=\"quote\">",
                    EscapedLines(block.text), "</pre>\n");
  }

  void operator()(const Code& block) {
    absl::StrAppend(&out, "<pre class=\"code\">", EscapedLines(block.text), "</pre>\n");
  }

  std::string out;

 private:
  void WriteRow(const Table& table, const std::vector<Cell>& row) {
    out += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      const bool number = i < table.columns.size() && table.columns[i].number;
      const absl::string_view width = row[i].text.size() > kWideBytes ? "wide" : "";
      const std::string attributes = ClassAttribute(number  ? "num"
                                                    : i > 0 ? width
                                                            : "",
                                                    ToneClass(row[i].tone));
      const absl::string_view tag = i == 0 ? "th" : "td";
      const std::string text = Escaped(row[i].text);
      absl::StrAppend(&out, "<", tag, i == 0 ? " scope=\"row\"" : "", attributes, ">",
                      i == 0 ? WithBreaks(text) : text, "</", tag, ">");
    }
    out += "</tr>\n";
  }
};

}  // namespace

std::string DocumentAsHtml(const Document& document) {
  HtmlWriter writer;
  const std::string title = Escaped(document.title);
  // Defense in depth: if an escape were missing, the policy would still block scripts and requests.
  absl::StrAppend(
      &writer.out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'\">\n",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>", title, "</title>\n<style>",
      std::string(kPageStyle), "</style>\n</head>\n<body>\n<main>\n<h1>", title,
      "</h1>\n<ul class=\"facts\">\n");
  for (const std::string& fact : document.facts) {
    absl::StrAppend(&writer.out, "<li>", Escaped(fact), "</li>\n");
  }
  writer.out += "</ul>\n<nav aria-label=\"Sections\">\n";
  for (size_t i = 0; i < document.sections.size(); ++i) {
    absl::StrAppend(&writer.out, "<a href=\"#s", i, "\">", Escaped(document.sections[i].title),
                    "</a>\n");
  }
  writer.out += "</nav>\n";
  for (size_t i = 0; i < document.sections.size(); ++i) {
    absl::StrAppend(&writer.out, "<section id=\"s", i, "\">\n<h2>",
                    Escaped(document.sections[i].title), "</h2>\n");
    for (const Block& block : document.sections[i].blocks) std::visit(writer, block);
    writer.out += "</section>\n";
  }
  writer.out += "</main>\n</body>\n</html>\n";
  return std::move(writer.out);
}

}  // namespace assay::evaluator
