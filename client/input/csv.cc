// Comma-separated values.
#include "client/input/csv.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace assay::client {
namespace {

// Reads fields from a text and counts its lines.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }
  size_t line() const { return line_; }

  // Reads one field. Sets `ends_row` if it is the last of its row.
  absl::StatusOr<std::string> ReadField(bool* ends_row) {
    std::string field;
    if (!AtEnd() && text_[at_] == '"') {
      ASSIGN_OR_RETURN(field, ReadQuoted());
    } else {
      const size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
      field = std::string(text_.substr(at_, end - at_));
      at_ = end;
      if (field.ends_with('\r')) field.pop_back();
      if (field.find('"') != std::string::npos) {
        return Wrong("a quote is inside a field that does not begin with one");
      }
    }
    *ends_row = AtEnd() || text_[at_] == '\n';
    if (AtEnd()) return field;
    if (*ends_row) ++line_;
    ++at_;
    return field;
  }

 private:
  absl::Status Wrong(const char* what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", what));
  }

  absl::StatusOr<std::string> ReadQuoted() {
    const absl::Status open = Wrong("a quote is not closed");
    std::string field;
    ++at_;
    while (true) {
      if (AtEnd()) return open;
      const char c = text_[at_++];
      if (c == '\n') ++line_;
      if (c != '"') {
        field += c;
        continue;
      }
      if (AtEnd() || text_[at_] != '"') break;
      field += text_[at_++];
    }
    if (!AtEnd() && text_[at_] == '\r') ++at_;
    if (!AtEnd() && text_[at_] != ',' && text_[at_] != '\n') {
      return Wrong("there is text after a closing quote");
    }
    return field;
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

absl::StatusOr<std::vector<CsvRow>> ParseCsv(std::string_view text) {
  CsvReader reader(text);
  std::vector<CsvRow> rows;
  while (!reader.AtEnd()) {
    CsvRow row{.line = reader.line()};
    for (bool ends = false; !ends;) {
      ASSIGN_OR_RETURN(std::string field, reader.ReadField(&ends));
      row.fields.push_back(std::move(field));
    }
    const bool empty = row.fields.size() == 1 && row.fields[0].empty();
    if (!empty) rows.push_back(std::move(row));
  }
  return rows;
}

std::string CsvLine(std::span<const std::string> fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != fields.data()) line += ',';
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
      line += field;
      continue;
    }
    line += '"';
    for (const char c : field) {
      if (c == '"') line += '"';
      line += c;
    }
    line += '"';
  }
  line += '\n';
  return line;
}

}  // namespace assay::client
