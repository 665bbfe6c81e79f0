// SPDX-License-Identifier: Apache-2.0
#include "batch/csv.h"

#include <fmt/format.h>

#include <algorithm>

namespace sterna::batch {

void CsvReader::SkipLineEnd() {
  if (pos_ == text_.size()) return;
  const bool carriage_return = text_[pos_++] == '\r';
  if (carriage_return && pos_ < text_.size() && text_[pos_] == '\n') ++pos_;
  ++line_;
}

void CsvReader::SkipEmptyLines() {
  while (pos_ < text_.size() && AtLineEnd()) SkipLineEnd();
}

std::string CsvReader::ReadPlain() {
  const size_t end = std::min(text_.find_first_of(",\r\n", pos_), text_.size());
  std::string cell(text_.substr(pos_, end - pos_));
  pos_ = end;
  return cell;
}

std::string CsvReader::ReadQuoted(CsvRecord& record) {
  const size_t first_line = line_;
  std::string cell;
  for (++pos_;;) {
    const size_t quote = text_.find('"', pos_);
    const std::string_view part = text_.substr(pos_, std::min(quote, text_.size()) - pos_);
    cell += part;
    line_ += size_t(std::count(part.begin(), part.end(), '\n'));
    if (quote == text_.npos) {
      pos_ = text_.size();
      record.status = Status::Corrupt(fmt::format("the quote that begins on line {} does not end", first_line));
      return cell;
    }
    pos_ = quote + 1;
    if (pos_ == text_.size() || text_[pos_] != '"') break;
    cell += '"';
    ++pos_;
  }
  if (!AtLineEnd() && text_[pos_] != ',') {
    record.status = Status::Corrupt(fmt::format("text follows a closing quote on line {}", line_));
    ReadPlain();
  }
  return cell;
}

std::optional<CsvRecord> CsvReader::Next() {
  SkipEmptyLines();
  if (pos_ == text_.size()) return std::nullopt;
  CsvRecord record;
  record.line = line_;
  for (;;) {
    const bool quoted = pos_ < text_.size() && text_[pos_] == '"';
    record.cells.push_back(quoted ? ReadQuoted(record) : ReadPlain());
    if (AtLineEnd()) break;
    ++pos_;  // the comma
  }
  SkipLineEnd();
  return record;
}

std::string CsvLine(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) {
    if (&cell != &cells.front()) line += ',';
    // A lone empty cell would be an empty line; spaces at the ends are kept apart for readers that trim.
    const bool quote = cell.find_first_of(",\"\r\n") != cell.npos || cell.starts_with(' ') || cell.ends_with(' ') ||
                       (cell.empty() && cells.size() == 1);
    if (!quote) {
      line += cell;
      continue;
    }
    line += '"';
    for (const char c : cell) line.append(c == '"' ? 2 : 1, c);
    line += '"';
  }
  return line + "\r\n";
}

}  // namespace sterna::batch
