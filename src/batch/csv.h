// SPDX-License-Identifier: Apache-2.0
//
// Comma-separated values per RFC 4180: cells in double quotes may hold commas, line ends and doubled quotes. Lines end
// with CRLF, LF or CR; written is CRLF.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sterna/status.h"

namespace sterna::batch {

struct CsvRecord {
  size_t line = 0;  // of its first cell, from 1
  std::vector<std::string> cells;
  Status status;  // Corrupt: a quote that does not end, or text behind one that did; the cells are as far as they came
};

class CsvReader {
 public:
  // `text` must outlive the reader.
  explicit CsvReader(std::string_view text) : text_(text) {}

  // nullopt at the end. Empty lines are passed over. After a record with an error the next line is read.
  std::optional<CsvRecord> Next();

 private:
  bool AtLineEnd() const { return pos_ == text_.size() || text_[pos_] == '\n' || text_[pos_] == '\r'; }
  void SkipLineEnd();
  void SkipEmptyLines();
  std::string ReadPlain();
  std::string ReadQuoted(CsvRecord& record);

  std::string_view text_;
  size_t pos_ = 0;
  size_t line_ = 1;
};

// One line, with quotes around the cells that need them.
std::string CsvLine(const std::vector<std::string>& cells);

}  // namespace sterna::batch
