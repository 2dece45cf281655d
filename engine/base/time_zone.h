// Time zones of the machine's tz database. Clock changes are known until 2037: the library reads those that the database writes out, not
// the rule for the time after.
//
// Thread safety: values; the database is read once and shared. Errors: a phrase that follows a field's name. Source: IANA tz.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace date {
class time_zone;
}

namespace borgop {

class TimeZone {
 public:
  using Seconds = std::chrono::sys_seconds;
  // From `begin` until before `end` local time is `offset` ahead of UTC.
  struct Period {
    Seconds begin, end;
    std::chrono::seconds offset;
  };

  // Empty is UTC. "Local" and whatever the database does not have are refused.
  static tl::expected<TimeZone, std::string> Find(std::string_view name);
  Period At(Seconds time) const;

 private:
  explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

}  // namespace borgop
