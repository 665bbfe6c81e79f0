// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "batch/row.h"
#include "sterna/status.h"

namespace sterna::batch {

// What the answers depend on, as hashes: a journal of other ones is of no use.
struct JournalKey {
  uint64_t input = 0;
  uint64_t settings = 0;
};

// The answers that are there already, beside the output: each is written as it comes, so that an interrupted or killed
// run goes on where it was. Rows that failed are not kept: they are tried again. A journal without
// answers goes when it is closed. Not thread-safe.
class Journal {
 public:
  // Makes the file, or reads what an earlier run left; `anew` throws that away. Holds a lock: FailedPrecondition when
  // another process writes the same output. InvalidArgument when the journal is of another input or other settings;
  // Corrupt when the file is none; Unavailable or NotFound when it cannot be opened.
  static Result<Journal> Open(const std::string& path, const JournalKey& key, bool anew);
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;
  ~Journal();

  // Answers by the index of their row.
  const std::map<size_t, RowResult>& answers() const;
  // Unavailable when the disk is full.
  Status Add(size_t index, const RowResult& result);
  // The output is there: the journal is not needed any more.
  void Remove();

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sterna::batch
