#include "tests/cli/program.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace borgop::clitest {

std::string Engine() { return BORGOP_ENGINE; }

lab::Ended RunEngine(std::vector<std::string> arguments, std::string input) {
  lab::Command command;
  command.argv = {Engine()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.input = std::move(input);
  return lab::RunToEnd(command);
}

lab::Ended RunOperator(std::vector<std::string> arguments, std::vector<std::pair<std::string, std::string>> env) {
  lab::Command command;
  command.argv = {"env", "-i"};
  for (const auto& [name, value] : env) command.argv.push_back(name + '=' + value);
  command.argv.emplace_back(BORGOP_OPERATOR);
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return lab::RunToEnd(command);
}

lab::Ended Shell(std::string script, std::vector<std::string> arguments, std::chrono::seconds timeout) {
  lab::Command command;
  command.argv = {"bash", "-c", std::move(script), "bash"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.env = {{"E", Engine()}};
  return lab::RunToEnd(command, timeout);
}

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

Workspace::Workspace() {
  std::string name = (std::filesystem::temp_directory_path() / "borgop-cli.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  directory_ = name;
  // Port 1 (tcpmux) of the loopback is closed.
  const lab::Ended made =
      Shell(R"sh(set -e; umask 077; cd "$1"; ssh-keygen -q -t ed25519 -N '' -C '' -f key; read -r type blob <key.pub
echo "[127.0.0.1]:1 $type $blob" >known
connection="{host: 127.0.0.1, port: 1, user: nobody, privateKeyFile: key, knownHostsFile: known"
printf 'version: 1\nserver: %s, rootDir: /srv/backups}\ntargets:\n- name: web\n  connection: %s}\n' "$connection" "$connection" >plan.yaml
printf '  repository: {path: web, passphrase: sesame-open}\n  source: {paths: [/etc]}\n' >>plan.yaml
end() { printf 'Host = "127.0.0.1:1"\nUserName = "nobody"\nKnownHost = "%s"\nPrivateKey = """\n%s\n"""\n' "$(cat known)" "$(cat key)"; }
{ printf '[Borg]\nRootDir = "/srv/backups"\nPruneSetting = "--keep-daily 7"\n[Borg.Server]\n'; end
  printf '[[Servers]]\nName = "web"\nSourcePaths = ["/etc"]\n[Servers.BorgTarget]\nSubDir = "web"\nPassphrase = "sesame-open"\n[Servers.Connection]\n'; end; } >toml)sh",
            {directory_});
  if (!made.ok()) std::abort();
}

Workspace::~Workspace() { std::filesystem::remove_all(directory_); }

}  // namespace borgop::clitest
