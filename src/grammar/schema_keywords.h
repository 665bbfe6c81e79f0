// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "grammar/schema_context.h"

namespace sterna::grammar {

// The types that a value may have, a bit each.
using TypeSet = uint8_t;
inline constexpr TypeSet kNullType = 1, kBooleanType = 2, kIntegerType = 4, kNumberType = 8, kStringType = 16,
                         kArrayType = 32, kObjectType = 64, kAnyType = 127;

// What `type` says; kAnyType where there is none. kNumberType stands for all numbers, so it comes without kIntegerType.
Result<TypeSet> TypesAt(const SchemaPlace& schema);
TypeSet TypeOf(const JsonNode& value);
// Whether a value of type `type` is one of `types`: an integer is a number.
bool Fits(TypeSet type, TypeSet types);

// Where no type is given, the type that its keywords speak of: kAnyType when they speak of none.
TypeSet ImpliedTypes(const JsonNode& schema);

// Whether a keyword asks nothing of a value: a title, a default, definitions.
bool IsAnnotation(std::string_view keyword);
// Whether the schema asks anything but what `known` keywords do; annotations aside.
bool AsksOtherThan(const JsonNode& schema, std::initializer_list<std::string_view> known);

// InvalidArgument for the first keyword that is not supported.
Status CheckKeywords(const SchemaPlace& schema);

}  // namespace sterna::grammar
