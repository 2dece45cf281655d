#include "tests/api/sample_objects.h"

#include <utility>

namespace borgop::api_tests {
namespace {

Json Sample(const char* text, const std::string& ns) {
  auto object = Json::parse(text);
  object["metadata"]["namespace"] = ns;
  return object;
}

struct GoodSpec {
  const char* name;
  const char* patch;  // of the sample's spec
};

constexpr GoodSpec kGoodServers[] = {
    {"only what is required", R"({})"},
    {"an IPv6 address", R"({"host": "2001:db8::17"})"},
    {"an IPv6 address in full", R"({"host": "2001:DB8:0:0:0:0:0:17"})"},
    {"an IPv6 address of a link", R"({"host": "fe80::1%eth0.100"})"},
    {"an IPv6 address that ends as IPv4", R"({"host": "0:0:0:0:0:ffff:192.0.2.1"})"},
    {"an IPv4 address", R"({"host": "192.0.2.1"})"},
    {"a host with an underscore", R"({"host": "web_01.example.org."})"},
    {"dots in names of the root", R"({"rootDir": "/srv/a..b/..c"})"},
    {"borg by its absolute path", R"({"borg": "/opt/borg/bin/borg"})"},
    {"a jump host", R"({"jumpHost": {"host": "gate.example.org", "port": 2222, "user": "j", "sshSecretRef": {"name": "gate"}}})"},
};

constexpr GoodSpec kGoodTargets[] = {
    {"only what is required", R"({})"},
    {"not encrypted, so no passphrase", R"({"repository": {"encryption": "none", "passphraseSecretRef": null}})"},
    {"a cron line", R"({"schedule": "*/15 0-6,22 1 jan,JUL mon-fri", "timeZone": "America/Argentina/Buenos_Aires"})"},
    {"a range of one, and past the end as two", R"({"schedule": "0 8-8,22-23,0-5 * nov-dec,jan-feb sat,sun-MON"})"},
    {"a daily schedule, spread", R"({"schedule": "@daily-random", "timeZone": "UTC"})"},
    {"an hourly schedule", R"({"schedule": "@hourly"})"},
    {"retention by number", R"({"retention": {"keepLast": 3, "keepDaily": 7, "keepYearly": -1}})"},
    {"retention by age", R"({"retention": {"keepWithin": "48h"}})"},
    {"retention by the longest age", R"({"retention": {"keepWithin": "2000y"}})"},
    {"maintenance apart", R"({"maintenance": {"schedule": "0 5 * * 0", "check": "archives", "compact": false}})"},
    {"a check in pieces", R"({"maintenance": {"check": "repository", "checkMaxDurationSeconds": 3600}})"},
    {"a quarantine", R"({"maintenance": {"schedule": "0 5 * * 0", "check": "archives", "compactAfter": "72h"}})"},
    {"a repository that was there before", R"({"repository": {"adopt": true}})"},
    {"a check of all data", R"({"maintenance": {"check": "verifyData"}})"},
    {"compression with a level", R"({"source": {"compression": "auto,zstd,6", "oneFileSystem": true}})"},
    {"hooks", R"({"hooks": {"before": [["systemctl", "stop", "app"], ["sh", "-c", "pg_dump 'app' >\"$HOME/d\"\n"]],
        "after": [["/usr/bin/true", ""]], "timeoutSeconds": 60}})"},
    {"no hooks", R"({"hooks": {"before": [], "after": []}})"},
    {"limits", R"({"limits": {"deadlineSeconds": 3600, "uploadRateKiBps": 1024, "maxNewBytes": 1000000, "retries": 0}})"},
    {"a pod template", R"({"podTemplate": {
        "labels": {"team": "web", "app.kubernetes.io/part-of": ""}, "annotations": {"example.org/note": "any text: [*]"}, "nodeSelector": {"disk": "ssd"},
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi", "cpu": 1}},
        "tolerations": [{"key": "backup", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {}}, "priorityClassName": "low"}})"},
    {"a path with dots in names", R"({"repository": {"path": "a..b/.c"}})"},
};

struct BadSpec {
  const char* name;
  const char* patch;
  const char* says;
};

constexpr BadSpec kBadServers[] = {
    {"no host", R"({"host": null})", "spec.host: Required value"},
    {"no Secret", R"({"sshSecretRef": null})", "spec.sshSecretRef: Required value"},
    {"user in the host", R"({"host": "borg@example.org"})", "give a host name or an address only, without user"},
    {"brackets", R"({"host": "[2001:db8::17]"})", "give a host name or an address only, without user, brackets"},
    {"an option as the host", R"({"host": "-oProxyCommand=x"})", "give a host name or an address only"},
    {"port in the host", R"({"host": "example.org:2222"})", "give the port on its own, in the field port"},
    {"two hosts", R"({"host": "a,b;c"})", "or other characters that no host's name has"},
    {"colons that are no address", R"({"host": "a:b:c"})", "with more than one colon a host is an IPv6 address"},
    {"an address with a letter too many", R"({"host": "2001:dbg::17"})", "with more than one colon a host is an IPv6 address"},
    {"port 0", R"({"port": 0})", "spec.port: Invalid value: 0: spec.port in body should be greater than or equal to 1"},
    {"port 65536", R"({"port": 65536})", "should be less than or equal to 65535"},
    {"port as text", R"({"port": "22"})", "spec.port in body must be of type integer"},
    {"a line break in the user", R"({"user": "a\nb"})", "a user's name has no line breaks or other control characters"},
    {"a relative root", R"({"rootDir": "backups"})", "rootDir is an absolute path, so it begins with a slash"},
    {"a root that climbs", R"({"rootDir": "/home/../etc"})", "rootDir must not contain '..'"},
    {"a line break in the root", R"({"rootDir": "/srv\n"})", "rootDir has no line breaks or other control characters"},
    {"capitals in a Secret's name", R"({"sshSecretRef": {"name": "Vault"}})",
     R"(spec.sshSecretRef.name: Invalid value: "string": give the name of a Secret)"},
    {"borg by a relative path", R"({"borg": "bin/borg"})", "give a program's name or its absolute path"},
    {"no backup at all may run", R"({"maxConcurrentBackups": 0})", "should be greater than or equal to 1"},
    {"a jump host without a key", R"({"jumpHost": {"host": "gate", "user": "j"}})", "spec.jumpHost.sshSecretRef: Required value"},
    {"a misspelt field", R"({"hots": "example.org"})", R"(unknown field "spec.hots")"},
};

constexpr const char* kFiveFields = "give five fields (minute, hour, day of month, month, day of week)";

constexpr BadSpec kBadTargets[] = {
    {"no server", R"({"serverRef": null})", "spec.serverRef: Required value"},
    {"a server that cannot have that name", R"({"serverRef": {"name": "The vault"}})",
     R"(spec.serverRef.name: Invalid value: "string": give the name of a BorgServer)"},
    {"no repository", R"({"repository": null})", "spec.repository: Required value"},
    {"encrypted, and no passphrase", R"({"repository": {"passphraseSecretRef": null}})",
     "an encrypted repository needs passphraseSecretRef"},
    {"a passphrase for nothing", R"({"repository": {"encryption": "none"}})",
     "a repository with encryption none has no passphrase"},
    {"a repository in a home", R"({"repository": {"path": "~/web"}})", "it does not begin with '~'"},
    {"a line break in the repository", R"({"repository": {"path": "web\n01"}})",
     "the path has no line breaks or other control characters"},
    {"an encryption that Borg does not have", R"({"repository": {"encryption": "rot13"}})",
     R"(supported values: "repokey-blake2")"},
    {"an absolute repository", R"({"repository": {"path": "/web/01"}})",
     "relative to the server's rootDir, so it does not begin with a slash"},
    {"a repository that climbs", R"({"repository": {"path": "web/../db"}})", "the path must not contain '.' or '..'"},
    {"a repository with a dot", R"({"repository": {"path": "./web"}})", "the path must not contain '.' or '..'"},
    {"a doubled slash", R"({"repository": {"path": "web//01"}})", "the path has an empty component"},
    {"a slash at the end", R"({"repository": {"path": "web/"}})", "the path has an empty component"},
    {"a space in the key of a Secret", R"({"repository": {"passphraseSecretRef": {"key": "a b"}}})",
     R"(spec.repository.passphraseSecretRef.key: Invalid value: "string": give a key of the Secret)"},
    {"no path", R"({"source": {"paths": []}})", "spec.source.paths in body should have at least 1 items"},
    {"a relative path", R"({"source": {"paths": ["etc"]}})", "paths are absolute, so each begins with a slash"},
    {"NUL in a path", R"({"source": {"paths": ["/etc\u0000"]}})", "no path has a NUL character in it"},
    {"NUL in a pattern", R"({"source": {"excludes": ["*\u0000"]}})", "should match '^[^\x00]*$'"},
    {"NUL in a hook", R"({"hooks": {"before": [["x", "\u0000"]]}})", "should match '^[^\x00]*$'"},
    {"a hook as a line", R"({"hooks": {"before": ["systemctl stop app"]}})", "spec.hooks.before[0] in body must be of type array"},
    {"an empty hook", R"({"hooks": {"after": [[]]}})", "spec.hooks.after[0] in body should have at least 1 items"},
    {"a hook without a program", R"({"hooks": {"after": [["", "x"]]}})",
     "a hook begins with a program's name or its absolute path"},
    {"a hook by a relative path", R"({"hooks": {"after": [["./x"]]}})", "a hook begins with a program's name or its absolute path"},
    {"a number in a hook", R"({"hooks": {"before": [["sleep", 5]]}})", "spec.hooks.before[0][1] in body must be of type string"},
    {"a hook without time", R"({"hooks": {"timeoutSeconds": 0}})", "should be greater than or equal to 1"},
    {"a misspelt list of hooks", R"({"hooks": {"befor": [["x"]]}})", R"(unknown field "spec.hooks.befor")"},
    {"a path twice", R"({"source": {"paths": ["/etc", "/etc"]}})", "spec.source.paths[1]: Duplicate value"},
    {"an unknown compression", R"({"source": {"compression": "gzip"}})", "use none, lz4, zstd[,1-22]"},
    {"six fields", R"({"schedule": "0 30 2 * * *"})", kFiveFields},
    {"four fields", R"({"schedule": "30 2 * *"})", kFiveFields},
    {"minute 60", R"({"schedule": "60 2 * * *"})",
     R"(spec.schedule: Invalid value: "string": the minute is *, or numbers from 0 to 59)"},
    {"hour 24", R"({"schedule": "0 24 * * *"})", "the hour is *, or numbers from 0 to 23"},
    {"day 0", R"({"schedule": "0 0 0 * *"})", "the day of month is *, or numbers from 1 to 31"},
    {"month 13", R"({"schedule": "0 0 1 13 *"})", "the month is *, or numbers from 1 to 12"},
    {"day of week 7", R"({"schedule": "0 0 * * 7"})", "the day of week is *, or numbers from 0 (Sunday) to 6"},
    {"a step of 0", R"({"schedule": "*/0 * * * *"})", "a step is a number from 1"},
    {"two steps", R"({"schedule": "*/2/3 * * * *"})", "a step is a number from 1"},
    {"a star in a range", R"({"schedule": "0 *-5 * * *"})", "the hour is *, or numbers from 0 to 23"},
    {"hours that go backward", R"({"schedule": "0 17-8 * * *"})", "a range goes forward, such as 8-17 or mon-fri"},
    {"days that go backward", R"({"schedule": "0 8 * * fri-Mon"})", "a range goes forward, such as 8-17 or mon-fri"},
    {"an end without a beginning", R"({"schedule": "0 0 -5 * *"})", "the day of month is *, or numbers from 1 to 31"},
    {"a range of three", R"({"schedule": "0 0 * jan-feb-mar *"})", "the month is *, or numbers from 1 to 12"},
    {"a comma at the end", R"({"schedule": "0 0 * * mon,"})", "the day of week is *, or numbers from 0 (Sunday) to 6"},
    {"a month's name as a day", R"({"schedule": "0 0 * * jan"})", "the day of week is *, or numbers from 0 (Sunday) to 6"},
    {"no field", R"({"schedule": "  "})", kFiveFields},
    {"a name that cron does not have", R"({"schedule": "@fortnightly"})", kFiveFields},
    {"an interval", R"({"schedule": "@every 1h"})", kFiveFields},
    {"a time zone in the line", R"({"schedule": "TZ=UTC 0 0 * * *"})", kFiveFields},
    {"a bad maintenance schedule", R"({"maintenance": {"schedule": "daily"}})",
     R"(spec.maintenance.schedule: Invalid value: "string": give five fields)"},
    {"an offset as the time zone", R"({"timeZone": "+02:00"})", "give a time zone by its name, such as Europe/Amsterdam"},
    {"the machine's own time zone", R"({"timeZone": "Local"})", "give a time zone by its name, such as Europe/Amsterdam"},
    {"a retention that keeps nothing", R"({"retention": {"keepDaily": 0}})", "retention must keep something"},
    {"an empty retention", R"({"retention": {}})", "retention must keep something"},
    {"an age without a unit", R"({"retention": {"keepWithin": "48"}})", "give a number above 0 and one of h, d, w, m, y"},
    {"an age before all time", R"({"retention": {"keepWithin": "2001y"}})", "give at most 2000y"},
    {"an age of too many days", R"({"retention": {"keepWithin": "730001d"}})", "give at most 2000y"},
    {"a check that Borg does not have", R"({"maintenance": {"check": "some"}})", "spec.maintenance.check: Unsupported value"},
    {"a quarantine without a unit", R"({"maintenance": {"compactAfter": "72"}})", "such as 72h, 3d or 2w"},
    {"archives in pieces", R"({"maintenance": {"checkMaxDurationSeconds": 3600}})",
     "checkMaxDurationSeconds needs check: repository"},
    {"a deadline of seconds", R"({"limits": {"deadlineSeconds": 5}})", "should be greater than or equal to 60"},
    {"a slash in the archive's name", R"({"archiveName": "a/b"})", "an archive's name has no '/'"},
    {"a checkpoint's name", R"({"archiveName": "a.checkpoint"})", "no '.checkpoint' in it"},
    {"a checkpoint's mark inside a name", R"({"archiveName": "a.checkpoint-{utcnow}"})", "no '.checkpoint' in it"},
    {"the operator's own label", R"({"podTemplate": {"labels": {"borg-operator.dev/target": "x"}}})", "belong to the operator"},
    {"the operator's own annotation", R"({"podTemplate": {"annotations": {"borg-operator.dev/x": "x"}}})",
     "belong to the operator"},
    {"a space in a label's name", R"({"podTemplate": {"labels": {"my team": "x"}}})",
     "a label's name has letters, digits, '-', '_' and '.'"},
    {"a space in a label", R"({"podTemplate": {"labels": {"team": "web and db"}}})",
     R"(spec.podTemplate.labels[team]: Invalid value: "string": a label's value has letters, digits)"},
    {"a slash at the end of an annotation's name", R"({"podTemplate": {"annotations": {"example.org/": "x"}}})",
     "an annotation's name has letters, digits"},
    {"a node's label that cannot be", R"({"podTemplate": {"nodeSelector": {"disk": "ssd!"}}})",
     "a label's value has letters, digits"},
    {"a quantity that is none", R"({"podTemplate": {"resources": {"limits": {"memory": "lots"}}}})",
     R"(spec.podTemplate.resources.limits[memory]: Invalid value: "": give an amount, such as 500m)"},
    {"less than nothing", R"({"podTemplate": {"resources": {"requests": {"cpu": -1}}}})", "give an amount, such as 500m"},
    {"a pod template's own command", R"({"podTemplate": {"containers": []}})", R"(unknown field "spec.podTemplate.containers")"},
    {"suspend as text", R"({"suspend": "yes"})", "spec.suspend in body must be of type boolean"},
};

}  // namespace

Json SampleServer(const std::string& ns) {
  return Sample(R"({
    "apiVersion": "borg-operator.dev/v1alpha1", "kind": "BorgServer", "metadata": {"name": "vault"},
    "spec": {"host": "borg.example.org", "user": "borg", "rootDir": "/home/backups", "sshSecretRef": {"name": "vault-ssh"}}
  })",
                ns);
}

Json SampleTarget(const std::string& ns) {
  return Sample(R"({
    "apiVersion": "borg-operator.dev/v1alpha1", "kind": "BorgBackupTarget", "metadata": {"name": "web-01"},
    "spec": {
      "serverRef": {"name": "vault"},
      "repository": {"path": "web/01", "passphraseSecretRef": {"name": "web-01-borg"}},
      "connection": {"host": "web-01.example.org", "user": "backup", "sshSecretRef": {"name": "web-01-ssh"}},
      "source": {"paths": ["/etc"]}
    }
  })",
                ns);
}

std::vector<GoodObject> GoodObjects(const std::string& ns) {
  std::vector<GoodObject> all;
  const auto add = [&](const Json& sample, const GoodSpec& row) {
    auto object = sample;
    object["spec"].merge_patch(Json::parse(row.patch));
    all.push_back({object.at("kind").get<std::string>() + ", " + row.name, std::move(object)});
  };
  for (const auto& row : kGoodServers) add(SampleServer(ns), row);
  for (const auto& row : kGoodTargets) add(SampleTarget(ns), row);
  return all;
}

std::vector<BadObject> BadObjects(const std::string& ns) {
  std::vector<BadObject> all;
  const auto add = [&](const Json& sample, const BadSpec& row) {
    auto object = sample;
    const auto patch = Json::parse(row.patch);
    object["spec"].merge_patch(patch);
    all.push_back(
        {object.at("kind").get<std::string>() + ", " + row.name, std::move(object), "spec." + patch.begin().key(), row.says});
  };
  for (const auto& row : kBadServers) add(SampleServer(ns), row);
  for (const auto& row : kBadTargets) add(SampleTarget(ns), row);
  return all;
}

std::vector<Change> Changes() {
  const auto target = [](const char* name, const char* spec, const char* says) {
    return Change{name, "bbt", "web-01", {{"spec", Json::parse(spec)}}, says};
  };
  return {
      target("another server", R"({"serverRef": {"name": "other"}})", "the server cannot be changed"),
      target("another repository", R"({"repository": {"path": "web/02"}})", "the repository's path cannot be changed"),
      target("another encryption", R"({"repository": {"encryption": "repokey"}})",
             "the encryption of a repository cannot be changed"),
      target("another passphrase's Secret", R"({"repository": {"passphraseSecretRef": {"name": "other"}}})", ""),
      target("another schedule", R"({"schedule": "@daily"})", ""),
      target("another host", R"({"connection": {"host": "web-01.example.net"}})", ""),
      {"another root", "bs", "vault", {{"spec", {{"rootDir", "/srv/backups"}}}}, ""},
  };
}

}  // namespace borgop::api_tests
