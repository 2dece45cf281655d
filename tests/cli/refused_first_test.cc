// A configuration that is not good is refused before anything connects, in either form.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include "engine/base/unique_fd.h"
#include "tests/cli/program.h"

namespace borgop::clitest {
namespace {

// On loopback, where the configurations say that B and T are; the kernel takes all who connect.
class LoopbackListener {
 public:
  LoopbackListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd_.get(), 16) != 0 ||
        getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      ADD_FAILURE() << "cannot listen";
    }
    port_ = std::to_string(ntohs(address.sin_port));
  }
  const std::string& port() const { return port_; }
  bool Connected() const {
    pollfd ready{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    return poll(&ready, 1, 0) == 1;
  }

 private:
  UniqueFd fd_;
  std::string port_;
};

struct BadRow {
  const char* name;
  const char* change;  // for sed -E
};

constexpr BadRow kBadYaml[] = {
    {"no YAML", "s/^targets:/targets: [/"},
    {"another version", "s/^version: 1/version: 7/"},
    {"a key that nobody knows", "s/^version: 1/version: 1\\nsurprise: 1/"},
    {"no source", "s/paths: \\[.etc\\]/paths: []/"},
    {"a private key that is none", "s/privateKeyFile: key/privateKeyFile: known/"},
    {"known hosts that are none", "s/knownHostsFile: known/knownHostsFile: key/"},
    {"a file that is not there", "s/privateKeyFile: key/privateKeyFile: nowhere/"},
    {"a repository outside", "s/path: web/path: ..\\/web/"},
    {"a second target without its connection", "$ s/$/\\n- name: second\\n  source: {paths: [\\/etc]}/"},
};

constexpr BadRow kBadToml[] = {
    {"no TOML", "s/^\\[Borg\\]$/[Borg/"},
    {"no passphrase", "/^Passphrase/ d"},
    {"no source", "s/^SourcePaths.*/SourcePaths = []/"},
    {"a private key that is none", "/^-----BEGIN/,/^-----END/ s/^[a-zA-Z0-9].*/x/"},
    {"known hosts that are none", "s/^KnownHost = .*/KnownHost = \"nothing\"/"},
    {"a prune setting that borg refuses", "s/keep-daily 7/keep-daily seven/"},
    {"a repository outside", "s/SubDir = \"web\"/SubDir = \"..\\/web\"/"},
    {"a second target without its connection", "$ s/$/\\n[[Servers]]\\nName = \"second\"\\nSourcePaths = [\"\\/etc\"]/"},
};

class RefusedFirst : public testing::Test {
 protected:
  RefusedFirst() {
    const auto changed =
        Shell(R"(cd "$1" && sed -i "s/port: 1,/port: $2,/" plan.yaml && sed -i "s/127.0.0.1:1\"/127.0.0.1:$2\"/" toml &&
      sed -i "s/\[127.0.0.1\]:1 /[127.0.0.1]:$2 /" known toml)",
              {workspace_.Path(""), listener_.port()});
    EXPECT_TRUE(changed.ok()) << changed.err;
  }

  template <std::size_t kSize>
  void ExpectAllRefused(const BadRow (&rows)[kSize], const std::string& file, const std::string& run) const {
    for (const BadRow& row : rows) {
      SCOPED_TRACE(row.name);
      const auto ended = Shell(R"(cd "$1" && sed -E "$2" "$3" >bad && ! cmp -s bad "$3" && eval "$E $4")",
                               {workspace_.Path(""), row.change, file, run});
      EXPECT_EQ(ended.exit_code, 3) << ended.out << ended.err;
      EXPECT_FALSE(listener_.Connected());
    }
  }
  // What the listener gets when all is well.
  void ExpectGoodOneConnects(const std::string& run) const {
    lab::Process process({.argv = {"bash", "-c", "cd \"$1\" && exec \"$0\" " + run, Engine(), workspace_.Path("")}});
    EXPECT_TRUE(process.WaitUntil([&] { return listener_.Connected(); }, std::chrono::seconds(30))) << process.Err();
  }

  Workspace workspace_;
  LoopbackListener listener_;
};

TEST_F(RefusedFirst, Yaml) {
  ExpectAllRefused(kBadYaml, "plan.yaml", "run --plan bad");
  ExpectGoodOneConnects("run --plan plan.yaml");
}

TEST_F(RefusedFirst, Toml) {
  ExpectAllRefused(kBadToml, "toml", "run <bad");
  ExpectGoodOneConnects("run <toml");
}

}  // namespace
}  // namespace borgop::clitest
