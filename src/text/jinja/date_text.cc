// SPDX-License-Identifier: Apache-2.0
#include "text/jinja/date_text.h"

#include <fmt/format.h>

#include <ctime>

namespace sterna::text::jinja {
namespace {

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr int kDaysBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

int DayOfYear(const CivilTime& t) {
  const bool leap = (t.year % 4 == 0 && t.year % 100 != 0) || t.year % 400 == 0;
  return kDaysBefore[t.month - 1] + t.day + (leap && t.month > 2 ? 1 : 0);
}

// 0: Sunday. January and February count as months of the year before, so that a leap day comes last.
int Weekday(const CivilTime& t) {
  constexpr int kMonthShift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
  const int year = t.month < 3 ? t.year - 1 : t.year;
  return (year + year / 4 - year / 100 + year / 400 + kMonthShift[t.month - 1] + t.day) % 7;
}

int HourOf12(const CivilTime& t) { return t.hour % 12 == 0 ? 12 : t.hour % 12; }

// Empty for a directive that is not known.
std::string Directive(char c, const CivilTime& t) {
  switch (c) {
    case 'Y': return fmt::format("{}", t.year);
    case 'y': return fmt::format("{:02}", t.year % 100);
    case 'm': return fmt::format("{:02}", t.month);
    case 'd': return fmt::format("{:02}", t.day);
    case 'e': return fmt::format("{:2}", t.day);
    case 'B': return std::string(kMonths[t.month - 1]);
    case 'b': return std::string(kMonths[t.month - 1].substr(0, 3));
    case 'A': return std::string(kDays[Weekday(t)]);
    case 'a': return std::string(kDays[Weekday(t)].substr(0, 3));
    case 'j': return fmt::format("{:03}", DayOfYear(t));
    case 'H': return fmt::format("{:02}", t.hour);
    case 'I': return fmt::format("{:02}", HourOf12(t));
    case 'M': return fmt::format("{:02}", t.minute);
    case 'S': return fmt::format("{:02}", t.second);
    case 'p': return t.hour < 12 ? "AM" : "PM";
    case 'F': return fmt::format("{}-{:02}-{:02}", t.year, t.month, t.day);
    case 'D': return fmt::format("{:02}/{:02}/{:02}", t.month, t.day, t.year % 100);
    case 'T': return fmt::format("{:02}:{:02}:{:02}", t.hour, t.minute, t.second);
    case 'R': return fmt::format("{:02}:{:02}", t.hour, t.minute);
    case '%': return "%";
    default: return {};
  }
}

bool IsValid(const CivilTime& t) {
  return t.year >= 1970 && t.year <= 9999 && t.month >= 1 && t.month <= 12 && t.day >= 1 && t.day <= 31;
}

}  // namespace

Result<std::string> DateText(std::string_view format, const CivilTime& time) {
  if (!IsValid(time)) return Status::InvalidArgument("the date for strftime_now is none; give year, month and day");
  std::string text;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    const bool unpadded = i + 2 < format.size() && format[i + 1] == '-';
    const char directive = i + 1 < format.size() ? format[i + (unpadded ? 2 : 1)] : '\0';
    std::string part = Directive(directive, time);
    if (part.empty()) return Status::Unsupported("strftime_now: only common directives such as %d %B %Y are supported");
    if (unpadded) part.erase(0, std::min(part.find_first_not_of("0 "), part.size() - 1));
    text += part;
    i += unpadded ? 2 : 1;
  }
  return text;
}

std::optional<CivilTime> LocalCivilTime() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  if (localtime_r(&now, &local) == nullptr) return std::nullopt;
  return CivilTime{local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec};
}

}  // namespace sterna::text::jinja
