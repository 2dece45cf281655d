#include "engine/base/time_zone.h"

#include <date/tz.h>

#include <exception>

namespace borgop {

tl::expected<TimeZone, std::string> TimeZone::Find(std::string_view name) {
  const std::string wanted = name.empty() ? "Etc/UTC" : std::string(name);
  try {
    return TimeZone(date::locate_zone(wanted));
  } catch (const std::exception&) {  // std::runtime_error: no such zone, or no database
    return tl::unexpected("is \"" + wanted + "\", which this machine's tz database does not have (write it as Europe/Amsterdam)");
  }
}

TimeZone::Period TimeZone::At(Seconds time) const {
  const date::sys_info info = zone_->get_info(time);
  return {info.begin, info.end, info.offset};
}

}  // namespace borgop
