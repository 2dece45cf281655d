// A value or the Error that stands in its place. tl::expected has the interface of C++23's std::expected, which g++ 12 lacks in
// C++20 mode.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "engine/base/error.h"

namespace borgop {

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(Reason reason, std::string message, std::string advice = {}) {
  return tl::unexpected<Error>(Error{reason, std::move(message), std::move(advice)});
}
inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace borgop
