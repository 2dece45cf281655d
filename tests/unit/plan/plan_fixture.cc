#include "plan_fixture.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "engine/plan/yaml_reader.h"

namespace borgop::test {
namespace {

struct KeyPair {
  std::string private_key;
  std::string public_key;
};

const KeyPair& Keys(const std::vector<std::string>& arguments) {
  static std::map<std::vector<std::string>, KeyPair> made;
  const auto found = made.find(arguments);
  if (found != made.end()) return found->second;
  const TempDir directory;
  const std::string file = directory.File("key");
  std::vector<std::string> argv = {"ssh-keygen", "-q", "-C", "a comment", "-f", file};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Run(argv);
  const std::string line = ReadWhole(file + ".pub");
  return made[arguments] = KeyPair{ReadWhole(file), line.substr(0, line.find(' ', line.find(' ') + 1))};
}

void DumpEndpoint(std::ostream& out, const SshEndpoint& endpoint) {
  out << "host=" << endpoint.host << "\nport=" << endpoint.port << "\nuser=" << endpoint.user
      << "\nkey=" << endpoint.private_key.Reveal() << "\nkey_passphrase=" << endpoint.key_passphrase.Reveal()
      << "\nknown_hosts=" << endpoint.known_hosts << "\n";
  if (endpoint.jump_host) {
    out << "jump{\n";
    DumpEndpoint(out, *endpoint.jump_host);
    out << "}\n";
  }
}

void DumpCount(std::ostream& out, const std::optional<std::int64_t>& count) {
  out << (count ? std::to_string(*count) : std::string("none")) << ' ';
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "borgop-plan-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::Write(std::string_view name, std::string_view text) const {
  std::ofstream(File(name), std::ios::binary) << text;
  return File(name);
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Run(std::vector<std::string> argv) {
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (std::string& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  int status = -1;
  const int spawned = posix_spawnp(&pid, pointers[0], &quiet, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&quiet);
  if (spawned != 0 || waitpid(pid, &status, 0) != pid || status != 0) throw std::runtime_error("failed: " + argv[0]);
}

const std::string& PrivateKey(const std::vector<std::string>& arguments) { return Keys(arguments).private_key; }
const std::string& PublicKey(const std::vector<std::string>& arguments) { return Keys(arguments).public_key; }

std::string Indented(std::string_view text, int spaces) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && c != '\n') out.append(static_cast<std::size_t>(spaces), ' ');
    out += c;
    at_start = c == '\n';
  }
  return out;
}

std::string With(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("not there: " + std::string(from));
  return text.replace(at, from.size(), to);
}

std::string LineOf(std::string_view text, std::string_view what) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string_view::npos) << what;
  return std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(at, text.size())), '\n'));
}

std::string YamlProblem(std::string_view text, const std::string& file) {
  const Result<Plan> plan = ReadYaml(text, file);
  if (plan) return {};
  EXPECT_EQ(plan.error().reason, Reason::kInvalidConfig);
  return plan.error().message;
}

std::string GoodToml() {
  // The lines up to the first key are numbered in the tests: keep them.
  return "[Borg]\n"
         "RootDir=\"/home/backups\"\n"
         "PruneSetting=\"--keep-daily 7 --keep-weekly 20 --keep-monthly 12 --keep-yearly 15\"\n"
         "[Borg.Server]\n"
         "Host=\"b.example.org\"\n"
         "UserName=\"borg\"\n"
         "KnownHost=\"b.example.org " +
         PublicKey(kEd25519) +
         "\"\n"
         "PrivateKey=\"\"\"\n" +
         PrivateKey(kEd25519) +
         "\"\"\"\n"
         "[[Servers]] # web\n"
         "Name=\"web\"\n"
         "SourcePaths=[\"/etc\", \"/srv\"]\n"
         "Excludes=[\"/srv/**/*.tmp\"]\n"
         "[Servers.BorgTarget]\n"
         "SubDir=\"web/01\"\n"
         "Passphrase=\"correct horse\"\n"
         "[Servers.Connection]\n"
         "Host=\"web.example.org:2222\"\n"
         "Username=\"backup\"\n"
         "KnownHost=\"\"\"\n# web.example.org:2222 SSH-2.0-OpenSSH_9.2\n[web.example.org]:2222 " +
         PublicKey(kEcdsa) +
         "\n\"\"\"\n"
         "PrivateKey=\"\"\"\n" +
         PrivateKey(kEd25519) +
         "\"\"\"\n"
         "[[Servers]] # db\n"
         "Name=\"db\"\n"
         "SourcePaths=[\"/var/lib/db\"]\n"
         "BorgTarget={SubDir=\"db\", Passphrase=\"battery staple\"}\n"
         "[Servers.Connection]\n"
         "Host=\"10.0.0.7\" # db\n"
         "Username=\"root\"\n"
         "KnownHost=\"10.0.0.7 " +
         PublicKey(kEd25519) +
         "\"\n"
         "PrivateKey=\"\"\"\n" +
         PrivateKey(kEd25519) + "\"\"\"\n";
}

std::string GoodYaml() {
  const std::string key = Indented(PrivateKey(kEd25519), 6);
  return "version: 1\n"
         "server:\n"
         "  host: b.example.org\n"
         "  port: 2200\n"
         "  user: borg\n"
         "  knownHosts: \"[b.example.org]:2200 " +
         PublicKey(kEd25519) +
         "\"\n"
         "  rootDir: /home/backups\n"
         "  borg: /usr/local/bin/borg\n"
         "  privateKey: |\n" +
         key +
         "targets:\n"
         "- name: web\n"
         "  borg: borg-1.4\n"
         "  repository:\n"
         "    path: web/01\n"
         "    passphrase: correct horse\n"
         "    encryption: repokey\n"
         "    keyFile: /var/lib/borg/web.key\n"
         "    ledgerFile: /var/lib/borg/ledger.json\n"
         "    lockOwner: 6f1c2e0a-web\n"
         "    acknowledge: 0123456789abcdef0123456789abcdef\n"
         "    adopt: true\n"
         "  source:\n"
         "    paths: [/etc, /srv]\n"
         "    excludes:\n"
         "    - /srv/**/*.tmp\n"
         "    compression: zstd,9\n"
         "    oneFileSystem: true\n"
         "  archiveName: \"{hostname}-{utcnow:%Y}\"\n"
         "  retention:\n"
         "    keepLast: 3\n"
         "    keepMinutely: 4\n"
         "    keepHourly: 5\n"
         "    keepDaily: 7\n"
         "    keepWeekly: 20\n"
         "    keepMonthly: -1\n"
         "    keepYearly: 15\n"
         "    keepWithin: 48H\n"
         "    globArchives: web-*\n"
         "  maintenance:\n"
         "    check: archives\n"
         "    compact: false\n"
         "    compactAfter: 3d\n"
         "  hooks:\n"
         "    before: [[systemctl, stop, x.service], [sh, -c, \"pg_dump db >'/srv/db dump'\"]]\n"
         "    after:\n"
         "    - [/usr/bin/systemctl, start, x.service]\n"
         "    - - sleep\n"
         "      - 5\n"
         "    timeoutSeconds: 300\n"
         "  limits:\n"
         "    deadlineSeconds: 3600\n"
         "    lockWaitSeconds: 60\n"
         "    socketTimeoutSeconds: 61\n"
         "    connectTimeoutSeconds: 62\n"
         "    loginTimeoutSeconds: 63\n"
         "    uploadRateKiBps: 1024\n"
         "    maxNewBytes: 5000000000\n"
         "  connection:\n"
         "    host: web.example.org\n"
         "    user: backup # web\n"
         "    knownHosts: web.example.org " +
         PublicKey(kEcdsa) +
         "\n"
         "    privateKey: |\n" +
         key +
         "    jumpHost:\n"
         "      host: fd00::1\n"
         "      user: hop\n"
         "      knownHosts: \"fd00::1 " +
         PublicKey(kEd25519) +
         "\"\n"
         "      keyPassphrase: sesame\n"
         "      privateKey: |\n" +
         Indented(PrivateKey(kEncryptedEd25519), 8) +
         "- name: db\n"
         "  repository: {path: db, passphrase: \"battery staple\"}\n"
         "  source: {paths: [/var/lib/db]}\n"
         "  connection:\n"
         "    host: 10.0.0.7\n"
         "    user: root\n"
         "    knownHosts: 10.0.0.7 " +
         PublicKey(kEd25519) +
         "\n"
         "    privateKey: |\n" +
         key;
}

std::string Dump(const Plan& plan) {
  std::ostringstream out;
  out << "root=" << plan.server.root_dir << "\nborg=" << plan.server.borg << "\n";
  DumpEndpoint(out, plan.server.connection);
  for (const Target& target : plan.targets) {
    out << "target=" << target.name << "\n";
    DumpEndpoint(out, target.connection);
    out << "borg=" << target.borg << "\npath=" << target.repository.path << "\npassphrase=" << target.repository.passphrase.Reveal()
        << "\nencryption=" << target.repository.encryption << "\n";
    for (const std::string& path : target.source.paths) out << "source<" << path << ">\n";
    for (const std::string& exclude : target.source.excludes) out << "exclude<" << exclude << ">\n";
    out << "compression=" << target.source.compression << "\nkey_file=" << target.repository.key_file
        << "\nledger_file=" << target.repository.ledger_file << "\nlock_owner=" << target.repository.lock_owner
        << "\nacknowledge=" << target.repository.acknowledge << "\nadopt=" << target.repository.adopt
        << "\none_fs=" << target.source.one_file_system << "\narchive=" << target.archive_name << "\nkeep=";
    const Retention& keep = target.retention;
    for (const auto& count : {keep.keep_last, keep.keep_minutely, keep.keep_hourly, keep.keep_daily, keep.keep_weekly,
                              keep.keep_monthly, keep.keep_yearly}) {
      DumpCount(out, count);
    }
    out << keep.keep_within << ' ' << keep.glob_archives << "\ncheck=" << static_cast<int>(target.maintenance.check) << ' '
        << target.maintenance.check_max_duration.count() << " compact=" << target.maintenance.compact << ' '
        << target.maintenance.compact_after.count() << "\nlimits=" << target.limits.deadline.count() << ' '
        << target.limits.lock_wait.count() << ' ' << target.limits.socket_timeout.count() << ' '
        << target.limits.connect_timeout.count() << ' ' << target.limits.login_timeout.count() << ' '
        << target.limits.upload_rate_kib << ' ' << target.limits.max_new_bytes << "\nhook_timeout=" << target.hooks.timeout.count()
        << "\n";
    for (const auto* hooks : {&target.hooks.before, &target.hooks.after}) {
      out << "hooks:\n";
      for (const HookCommand& command : *hooks) {
        for (const std::string& word : command) out << '<' << word << '>';
        out << "\n";
      }
    }
  }
  return out.str();
}

}  // namespace borgop::test
