// When things are due, as Kubernetes' CronJob controller works it out.
//
// A schedule is five fields (minute, hour, day of month, month, day of week) or one of @yearly, @annually, @monthly, @weekly, @daily,
// @midnight, @hourly. Where both days are restricted, a day needs to match one of them. A time is due at each instant whose local
// time matches: one that a clock change skips is not due that day, one that it repeats is due twice.
//
// Thread safety: values. Errors: a phrase that follows a field's name. Sources: the behaviour of robfig/cron 3, which Kubernetes
// uses; unlike it, "@every" (which CronJob counts from whenever it was applied), "TZ=" and what never comes (30 February) are refused.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "engine/base/time_zone.h"
#include "engine/report/report.h"

namespace borgop::controller {

class Schedule {
 public:
  static tl::expected<Schedule, std::string> Parse(std::string_view text);

  // The first time after `time`, or the last one not after it. Nothing where there is none within five years (29 February about 2100).
  std::optional<WallTime> Next(WallTime time, const TimeZone& zone) const;
  std::optional<WallTime> Previous(WallTime time, const TimeZone& zone) const;

 private:
  struct Field {
    std::uint64_t bits = 0;
    bool any = false;  // a star among its parts
  };
  static tl::expected<Field, std::string> ParseField(std::string_view text, std::size_t field);
  bool EverComes() const;
  bool DayMatches(std::chrono::local_days day) const;
  std::optional<std::chrono::local_seconds> Seek(std::chrono::local_seconds from, std::chrono::local_seconds limit,
                                                 bool forward) const;
  std::optional<std::chrono::minutes> SeekInDay(std::chrono::minutes from, bool forward) const;

  std::array<Field, 5> fields_{};
};

// `text` where it is a schedule. "@hourly-random", "@daily-random", "@weekly-random", "@monthly-random" and "@yearly-random" become five
// fields picked by a hash of `identity`, which must stay the same for as long as the schedule should.
std::string EffectiveSchedule(std::string_view text, std::string_view identity);

}  // namespace borgop::controller
