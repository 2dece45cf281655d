// What real borg clients wrote, and how they ended: data/borg-VERSION.json.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/borg/log_reader.h"

namespace borgop {

struct Captured {
  int status = -1;
  std::string out;
  std::string err;
};

inline Captured Load(const std::string& version, const std::string& name) {
  std::ifstream file(std::string(BORG_TEST_DATA) + "/borg-" + version + ".json");
  const nlohmann::json entry = nlohmann::json::parse(file).at(name);
  Captured captured{entry.at("status").get<int>(), entry.at("stdout").get<std::string>(), ""};
  for (const auto& line : entry.at("stderr")) captured.err += line.get<std::string>();
  return captured;
}

inline Messages MessagesOf(const Captured& captured, std::size_t piece = 1 << 20) {
  LogReader reader;
  for (std::size_t i = 0; i < captured.err.size(); i += piece) reader.Feed(std::string_view(captured.err).substr(i, piece));
  reader.Finish();
  return reader.messages();
}

}  // namespace borgop
