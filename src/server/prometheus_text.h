// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace sterna::server {

// Metrics as Prometheus reads them.
class PrometheusText {
 public:
  void Add(std::string_view kind, std::string_view name, std::string_view help, double value) {
    Head(kind, name, help);
    text_ += fmt::format("{} {}\n", name, value);
  }
  void Head(std::string_view kind, std::string_view name, std::string_view help) {
    text_ += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, kind);
  }
  void Sample(std::string_view name, std::string_view labels, double value) {
    text_ += fmt::format("{}{{{}}} {}\n", name, labels, value);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace sterna::server
