// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sterna::grammar {

// What every schema's grammar begins with. `ws` is bounded, so that no answer is all blanks; numbers are bounded, so
// that readers keep them. Rules of formats say what stands between the quotes.
inline constexpr std::string_view kJsonPrelude = R"gbnf(
value ::= object | array | string | number | boolean | null
object ::= "{" ws (member ("," ws member)* ws)? "}"
member ::= string ":" ws value
array ::= "[" ws (value ("," ws value)* ws)? "]"
string ::= "\"" char* "\""
number ::= integer fraction? ([eE] [-+]? [0-9]{1,2})?
integer ::= "-"? ("0" | [1-9] [0-9]{0,15})
fraction ::= "." [0-9]{1,16}
boolean ::= "true" | "false"
null ::= "null"
ws ::= " "? | "\n" [ \t]{0,20}

char ::= plain | "\\" (["\\/bfnrt] | "u" unicode)
plain ::= [^"\\\x00-\x1f\x7f]
unicode ::= [0-9a-cefA-CEF] hex{3} | [dD] [0-7] hex{2} | [dD] [89abAB] hex{2} "\\u" [dD] [c-fC-F] hex{2}
hex ::= [0-9a-fA-F]

date ::= year "-" (long-month "-" day31 | short-month "-" day30 | "02-" day28) | leap-year "-02-29"
year ::= [12] [0-9]{3}
leap-year ::= [12] [0-9] ("0" [48] | [2468] [048] | [13579] [26]) | ("12" | "16" | "20" | "24" | "28") "00"
long-month ::= "0" [13578] | "1" [02]
short-month ::= "0" [469] | "11"
day31 ::= "0" [1-9] | [12] [0-9] | "3" [01]
day30 ::= "0" [1-9] | [12] [0-9] | "30"
day28 ::= "0" [1-9] | "1" [0-9] | "2" [0-8]
time ::= clock ":" [0-5] [0-9] ("." [0-9]{1,6})? ("Z" | [-+] clock)
clock ::= ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9]
date-time ::= date "T" time
uuid ::= hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}
ipv4 ::= octet ("." octet){3}
octet ::= "25" [0-5] | "2" [0-4] [0-9] | "1" [0-9]{2} | [1-9]? [0-9]
)gbnf";

}  // namespace sterna::grammar
