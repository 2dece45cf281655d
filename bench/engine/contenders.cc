#include "bench/engine/contenders.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "engine/borg/shell_quote.h"
#include "engine/plan/yaml_writer.h"

namespace borgop::bench {
namespace {

constexpr std::string_view kPassphrase = "correct horse battery staple";
constexpr std::string_view kUser = "backup";

lab::Process StartEngine(const lab::Lab& lab, const Place& place) {
  Plan plan;
  plan.server.connection = lab.Endpoint(lab.server());
  plan.server.root_dir = place.root;
  Target target;
  target.name = "bench";
  target.connection = lab.Endpoint(lab.target());
  target.repository.path = place.repository;
  target.repository.passphrase = Secret(kPassphrase);
  target.source.paths = {place.source};
  target.maintenance.check = CheckMode::kNone;
  target.maintenance.compact = false;
  plan.targets.push_back(std::move(target));
  return lab.StartInClient({.argv = {BORGOP_ENGINE, "run", "--plan", "-", "--log-format", "json"},
                            .input = WriteYaml(plan),
                            .env = {{"TMPDIR", place.scratch}}});
}

void Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
  std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

// As borg's documentation has it under "Pull backup using a reverse socket": ssh forwards a socket of T's to C, where socat runs
// `borg serve` on B for whoever connects.
constexpr std::string_view kChain = R"sh(set -eu
export BORG_PASSPHRASE=$PASSPHRASE BORG_BASE_DIR=$SCRATCH/borg BORG_RSH="$SSH"
[ -e "$SCRATCH/made" ] || borg init --encryption repokey-blake2 "ssh://$B/$REPOSITORY"
: >"$SCRATCH/made"
socket=/tmp/bench-$$.sock
rm -f "$SCRATCH/serve.sock"
cat >"$SCRATCH/serve" <<end
exec $SSH ${B%:*} -p ${B##*:} borg serve --append-only --restrict-to-repository $REPOSITORY
end
socat "UNIX-LISTEN:$SCRATCH/serve.sock,mode=600" "EXEC:sh $SCRATCH/serve" &
until [ -S "$SCRATCH/serve.sock" ]; do sleep 0.01; done
$SSH -o StreamLocalBindMask=0177 -R "$socket:$SCRATCH/serve.sock" "${T%:*}" -p "${T##*:}" "
  BORG_PASSPHRASE='$PASSPHRASE' BORG_RSH=\"sh -c 'exec socat STDIO UNIX-CONNECT:$socket'\" borg create \
  'ssh://b/$REPOSITORY::snapshot-{utcnow}' '$SOURCE'; code=\$?; rm -f $socket; exit \$code"
wait
borg list --json "ssh://$B/$REPOSITORY" >/dev/null
)sh";

lab::Process StartChain(const Contender& contender, const lab::Lab& lab, const Place& place) {
  const std::filesystem::path scratch = place.scratch;
  Write(scratch / "key", lab.ClientKey());
  Write(scratch / "known_hosts", lab.Endpoint(lab.target()).known_hosts + lab.Endpoint(lab.server()).known_hosts);
  std::string ssh = "ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=" +
                    (scratch / "known_hosts").string() + " -i " + (scratch / "key").string();
  for (const std::string& option : contender.ssh_options) ssh += " -o " + option;
  const auto account = [](const lab::LabHost& host) {
    return std::string(kUser) + "@" + host.address() + ":" + std::to_string(host.port());
  };
  return lab.StartInClient({.argv = {"sh", "-c", std::string(kChain)},
                            .env = {{"SSH", ssh},
                                    {"T", account(lab.target())},
                                    {"B", account(lab.server())},
                                    {"SOURCE", place.source},
                                    {"REPOSITORY", place.root + "/" + place.repository},
                                    {"PASSPHRASE", std::string(kPassphrase)},
                                    {"SCRATCH", place.scratch}}});
}

}  // namespace

std::vector<Contender> AllContenders() {
  return {{.name = "borg-engine", .ssh_options = {}},
          {.name = "ssh -R, aes128-gcm", .ssh_options = {"Ciphers=aes128-gcm@openssh.com"}},
          {.name = "ssh -R, aes128-ctr", .ssh_options = {"Ciphers=aes128-ctr", "MACs=hmac-sha2-256-etm@openssh.com"}},
          {.name = "ssh -R, its defaults", .ssh_options = {"Compression=no"}}};
}

lab::Process Start(const Contender& contender, const lab::Lab& lab, const Place& place) {
  return contender.ssh_options.empty() ? StartEngine(lab, place) : StartChain(contender, lab, place);
}

}  // namespace borgop::bench
