// objects_bench: what it costs to know which objects a repository holds, so that none of them is overwritten. The three ways there are, on
// one repository: B lists all of them in the session of the backup, which is what the guard does; B is asked for each object that is put;
// B lists them in a second session, without the lock.
//
// Exit codes: 0 done, 1 failed, 2 usage.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "bench/guard/served_repository.h"
#include "engine/guard/guard.h"
#include "tests/fakes/temporary_directory.h"

namespace borgop::bench {
namespace {

struct Options {
  std::uint64_t objects = 1'000'000;
  std::uint64_t asked = 20'000;
  std::string borg = "borg";
};

constexpr std::uint64_t kAtOnce = 100;  // questions under way

// As evenly spread as borg's ids, which are keyed hashes.
std::string IdOf(std::uint64_t number) {
  std::string id(32, '\0');
  for (std::size_t i = 0; i < id.size(); i += sizeof number) {
    number += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31U;
    std::memcpy(id.data() + i, &mixed, sizeof mixed);
  }
  return id;
}

template <typename... Pairs>
std::string Arguments(const Pairs&... pairs) {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_map(sizeof...(pairs));
  (packer.pack(pairs.first).pack(pairs.second), ...);
  return {buffer.data(), buffer.size()};
}
template <typename Value>
std::pair<std::string, Value> Is(std::string name, Value value) {
  return {std::move(name), std::move(value)};
}

std::string Negotiate() {
  msgpack::sbuffer buffer;
  msgpack::packer<msgpack::sbuffer> packer(buffer);
  packer.pack_array(4).pack(1).pack(1).pack("negotiate").pack_array(1).pack_map(1).pack("client_version").pack_array(3);
  packer.pack(1).pack(2).pack(4);
  return {buffer.data(), buffer.size()};
}

double Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
double OwnCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Counts from here to Print.
class Cost {
 public:
  explicit Cost(const ServedRepository& server)
      : server_(server), served_(server.CpuSeconds()), own_(OwnCpuSeconds()), memory_(server.MemoryMib()) {}
  void Print(const char* way, double times, double memory_on_c) const {
    std::printf("| %-34s | %7.2f | %9.2f | %9.2f | %10.0f | %10.0f |\n", way, Since(begin_) * times,
                (server_.CpuSeconds() - served_) * times, (OwnCpuSeconds() - own_) * times, server_.MemoryMib() - memory_,
                memory_on_c);
  }

 private:
  const ServedRepository& server_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double served_, own_, memory_;
};

void Open(ServedRepository& server, const std::string& path, bool lock, bool create) {
  server.Write(Negotiate());
  server.Answer();
  server.Call(2, "open", Arguments(Is("path", path), Is("create", create), Is("lock", lock), Is("exclusive", lock)));
}

void Make(const Options& options, const std::string& path) {
  ServedRepository server(options.borg);
  Open(server, path, true, true);
  const std::string data(100, 'd');
  std::uint64_t done = 0;
  while (done < options.objects) {
    const std::uint64_t end = std::min(done + kAtOnce, options.objects);
    std::string batch;
    for (std::uint64_t i = done; i < end; ++i) batch += Request(3 + i, "put", Arguments(Is("id", IdOf(i)), Is("data", data)));
    server.Write(batch);
    for (; done < end; ++done) server.Answer();
  }
  server.Call(3 + done, "commit", Arguments(Is("save_space", false), Is("compact", false)));
  server.Close();
}

// What the guard does, by the guard: between a backup's first object and B.
void ListInTheSession(const Options& options, const std::string& path) {
  ServedRepository server(options.borg);
  guard::Guard guard(guard::Expectation{path, {}, std::nullopt});
  const auto tell = [&](std::string_view bytes) {
    auto verdict = guard::Guard::Verdict::kHold;
    while (!bytes.empty()) {
      const Result<guard::Guard::Step> step = guard.FromClient(bytes);
      if (!step) throw std::runtime_error(step.error().message);
      bytes.remove_prefix(step->size);
      verdict = step->verdict;
    }
    return verdict;
  };
  const auto hear = [&] {
    const std::string read = server.Read();
    for (std::string_view bytes = read; !bytes.empty();) {
      const Result<guard::Guard::Step> step = guard.FromServer(bytes);
      if (!step) throw std::runtime_error(step.error().message);
      bytes.remove_prefix(step->size);
    }
  };
  const std::string negotiate = Negotiate();
  tell(negotiate);
  server.Write(negotiate);
  hear();
  const std::string open = Request(2, "open", Arguments(Is("path", path), Is("exclusive", true)));
  tell(open);
  server.Write(open);
  hear();
  // Whoever backs up reads first, for which borg loads its index of all objects.
  const std::string get = Request(3, "get", Arguments(Is("id", IdOf(0))));
  tell(get);
  server.Write(get);
  hear();
  const std::string put = Request(4, "put", Arguments(Is("id", IdOf(options.objects)), Is("data", std::string(100, 'd'))));
  const Cost cost(server);
  if (tell(put) != guard::Guard::Verdict::kAsk) throw std::runtime_error("the guard asks nothing");
  auto decided = guard.Decide();
  for (; decided == guard::Guard::Verdict::kAsk; decided = guard.Decide()) {
    server.Write(guard.Question());
    while (guard.waiting()) hear();
  }
  cost.Print("all listed, in the same session", 1, static_cast<double>(guard.held().size() * sizeof(std::uint64_t)) / (1 << 20));
  if (decided != guard::Guard::Verdict::kPass || guard.held().size() != options.objects)
    throw std::runtime_error("the guard knows " + std::to_string(guard.held().size()) + " objects");
}

void AskForEach(const Options& options, const std::string& path) {
  ServedRepository server(options.borg);
  Open(server, path, true, false);
  server.Call(3, "get", Arguments(Is("id", IdOf(0))));
  const Cost cost(server);
  for (std::uint64_t done = 0; done < options.asked;) {
    const std::uint64_t end = std::min(done + kAtOnce, options.asked);
    std::string batch;
    for (std::uint64_t i = done; i < end; ++i) batch += Request(4 + i, "get", Arguments(Is("id", IdOf(options.objects + i))));
    server.Write(batch);
    for (; done < end; ++done) server.Answer(true);
  }
  cost.Print("asked for each of as many new ones", static_cast<double>(options.objects) / static_cast<double>(options.asked), 0);
}

void ListInASecondSession(const Options& options, const std::string& path) {
  ServedRepository server(options.borg);
  const Cost cost(server);
  Open(server, path, false, false);
  std::uint64_t listed = 0;
  for (std::string marker;;) {
    const std::string arguments = marker.empty() ? Arguments(Is("limit", guard::HeldObjects::kPage))
                                                 : Arguments(Is("limit", guard::HeldObjects::kPage), Is("marker", marker));
    const msgpack::object_handle page = server.Call(3 + listed, "list", arguments);
    std::size_t size = 0;
    for (const auto& [key, value] : page->via.map) {
      if (key.as<std::string>() != "r") continue;
      size = value.via.array.size;
      if (size != 0) marker = value.via.array.ptr[size - 1].as<std::string>();
    }
    listed += size;
    if (size < guard::HeldObjects::kPage) break;
  }
  cost.Print("all listed, in a second session", 1, static_cast<double>(listed * sizeof(std::uint64_t)) / (1 << 20));
  if (listed != options.objects) throw std::runtime_error("the second session lists " + std::to_string(listed) + " objects");
}

void Run(const Options& options) {
  const TemporaryDirectory directory;
  const std::string path = directory.At("repository");
  std::cerr << "making a repository of " << options.objects << " objects\n";
  Make(options, path);
  std::printf("| way | wall s | CPU s on B | CPU s on C | more MiB on B | MiB on C |\n| --- | --- | --- | --- | --- | --- |\n");
  ListInTheSession(options, path);
  AskForEach(options, path);
  ListInASecondSession(options, path);
}

}  // namespace
}  // namespace borgop::bench

int main(int argc, char** argv) {
  borgop::bench::Options options;
  CLI::App app("What it costs to know which objects a repository holds.", "objects_bench");
  app.add_option("--objects", options.objects, "that the repository holds")
      ->capture_default_str()
      ->check(CLI::Range(1, 50'000'000));
  app.add_option("--asked", options.asked, "that are asked for one by one; the figures are made up to as many as --objects")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000'000));
  app.add_option("--borg", options.borg, "the borg to serve it")->capture_default_str();
  try {
    app.parse(argc, argv);
    borgop::bench::Run(options);
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::cerr << "objects_bench: " << error.what() << '\n';
    return 1;
  }
}
