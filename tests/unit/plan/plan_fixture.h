// What the tests of plans share: real keys made by ssh-keygen, a good configuration in each form, and a Plan as text to compare.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/plan/plan.h"

namespace borgop::test {

// A directory that is removed at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string File(std::string_view name) const { return path_ + '/' + std::string(name); }
  std::string Write(std::string_view name, std::string_view text) const;  // gives the path

 private:
  std::string path_;
};

std::string ReadWhole(const std::string& path);
void Run(std::vector<std::string> argv);  // throws where it fails

// Keys made once a process. `arguments` are ssh-keygen's, such as {"-t", "ed25519", "-N", ""}.
const std::string& PrivateKey(const std::vector<std::string>& arguments);
// The line of its .pub file, without the comment: TYPE BASE64.
const std::string& PublicKey(const std::vector<std::string>& arguments);
inline const std::vector<std::string> kEd25519 = {"-t", "ed25519", "-N", ""};
inline const std::vector<std::string> kOtherEd25519 = {"-t", "ed25519", "-N", "", "-a", "1"};
inline const std::vector<std::string> kEcdsa = {"-t", "ecdsa", "-b", "256", "-N", ""};
inline const std::vector<std::string> kEncryptedEd25519 = {"-t", "ed25519", "-N", "sesame"};

// `text` with each line indented by `spaces`.
std::string Indented(std::string_view text, int spaces);
// `text` with the first `from` replaced by `to`; throws where there is none.
std::string With(std::string text, std::string_view from, std::string_view to);
// The number of the first line on which `text` has `what`; the test fails where there is none.
std::string LineOf(std::string_view text, std::string_view what);
// What the YAML reader says against `text`; empty where it reads it.
std::string YamlProblem(std::string_view text, const std::string& file = "plan.yaml");

// Two targets, all values given that have to be. Keys and known hosts are real.
std::string GoodToml();
// Two targets, nearly every key given.
std::string GoodYaml();

// Every field of a plan, secrets included, so that two of them can be compared.
std::string Dump(const Plan& plan);

}  // namespace borgop::test
