// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sterna::text::jinja {

// Text that knows of each byte whether it may become part of a control token. Trusted is what a template says itself;
// what a message says is not, and stays so however it is cut, joined or replaced.
class MarkedText {
 public:
  struct Run {
    size_t end = 0;  // where the run ends; it begins where the one before ends
    bool trusted = false;
  };

  MarkedText() = default;
  MarkedText(std::string bytes, bool trusted);

  const std::string& bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  // None is empty, and neighbours differ in trust.
  const std::vector<Run>& runs() const { return runs_; }

  void Append(std::string_view bytes, bool trusted);
  void Append(const MarkedText& other) { AppendSlice(other, 0, other.size()); }
  // The bytes [begin, end) of another text, which lie inside it.
  void AppendSlice(const MarkedText& other, size_t begin, size_t end);
  MarkedText Slice(size_t begin, size_t end) const;
  // The same runs over other bytes of the same number.
  MarkedText WithBytes(std::string bytes) const;

 private:
  std::string bytes_;
  std::vector<Run> runs_;
};

}  // namespace sterna::text::jinja
