// What YAML reads a value without quotes as: the core schema of 1.2 (section 10.3.2), and yes, no, on and off, which are booleans to readers
// of 1.1.
//
// Thread safety: pure function.
#pragma once

#include <string_view>

#include "engine/plan/document.h"

namespace borgop {

// kText, kBoolean, or kInteger for a number of whatever kind. Null never comes here: it is a Node of its own.
Node::Kind PlainScalarKind(std::string_view text);

}  // namespace borgop
