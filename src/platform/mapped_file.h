// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "sterna/status.h"

namespace sterna::platform {

// A regular file mapped read-only. Refuses directories, FIFOs and devices. Move-only; reads are thread-safe.
//
// When the file shrinks while mapped, a read past its new end would kill the process with SIGBUS. Here such a read sees
// zeros instead and Faulted() turns true for good; whoever used the bytes checks it afterwards and returns Corrupt.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::string& path);
  MappedFile(MappedFile&&) noexcept;
  MappedFile& operator=(MappedFile&&) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const;
  const std::string& path() const;
  bool Faulted() const;
  // Corrupt("file 'x' shrank while it was in use; ...") when Faulted(), else ok.
  Status Check() const;
  // Reads [offset, offset + out.size()) of the very file that is mapped, without bringing pages of the mapping into
  // memory. Corrupt when it has become shorter or cannot be read. Needs EnableReads().
  Status ReadAt(size_t offset_bytes, std::span<std::byte> out) const;
  // Opens the file for ReadAt. Corrupt when the path leads to another file by now.
  Status EnableReads();
  bool reads_enabled() const;
  // Hints to the kernel; no effect on results.
  void AdviseSequential() const;
  void AdviseWillNeed(size_t offset_bytes, size_t size_bytes) const;
  // Whole pages of the range leave this process (not the page cache); a later read brings them back.
  void AdviseDone(size_t offset_bytes, size_t size_bytes) const;

 private:
  struct State;
  explicit MappedFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sterna::platform
