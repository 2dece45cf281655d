// Objects that the tests of the operator share: one with nearly every field, to be changed by a JSON patch.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "controller/api/json_object.h"
#include "engine/plan/plan.h"

namespace borgop::test {

inline nlohmann::json GoodServer() {
  return nlohmann::json::parse(R"({
    "apiVersion": "borg-operator.dev/v1alpha1", "kind": "BorgServer",
    "metadata": {"name": "vault", "namespace": "backups", "uid": "u-server", "generation": 2},
    "spec": {"host": "borg.example.org", "port": 2222, "user": "borg", "rootDir": "/home/backups", "borg": "/usr/bin/borg",
      "sshSecretRef": {"name": "vault-ssh"},
      "jumpHost": {"host": "jump.example.org", "user": "hop", "sshSecretRef": {"name": "jump-ssh"}},
      "maxConcurrentBackups": 4}})");
}

inline nlohmann::json GoodTarget() {
  return nlohmann::json::parse(R"({
    "apiVersion": "borg-operator.dev/v1alpha1", "kind": "BorgBackupTarget",
    "metadata": {"name": "web-01", "namespace": "backups", "uid": "u-target", "resourceVersion": "77", "generation": 3,
      "creationTimestamp": "2026-11-20T10:00:00Z", "annotations": {"borg-operator.dev/run-now": "a"}, "finalizers": ["x/y"]},
    "spec": {"serverRef": {"name": "vault"},
      "repository": {"path": "web/01", "passphraseSecretRef": {"name": "web-01-borg", "key": "pass"}, "encryption": "repokey"},
      "connection": {"host": "web-01.example.org", "user": "backup", "sshSecretRef": {"name": "web-01-ssh"},
        "jumpHost": {"host": "10.0.0.1", "port": 2200, "user": "hop", "sshSecretRef": {"name": "hop-ssh"}}},
      "borg": "borg-1.4", "archiveName": "{hostname}-{utcnow}",
      "source": {"paths": ["/etc", "/srv"], "excludes": ["/srv/**/*.tmp"], "compression": "zstd,6", "oneFileSystem": true},
      "schedule": "30 2 * * *", "timeZone": "Europe/Amsterdam", "suspend": false,
      "retention": {"keepLast": 3, "keepMinutely": 1, "keepHourly": 2, "keepDaily": 7, "keepWeekly": 20, "keepMonthly": 12,
        "keepYearly": -1, "keepWithin": "48h", "globArchives": "web-*"},
      "maintenance": {"schedule": "0 5 * * 0", "check": "archives", "compact": false},
      "hooks": {"before": [["systemctl", "stop", "it's"], ["sh", "-c", "pg_dump \"$DB\"\n"]], "after": [["/bin/x", ""]],
        "timeoutSeconds": 90},
      "limits": {"deadlineSeconds": 7200, "startingDeadlineSeconds": 600, "uploadRateKiBps": 1024, "maxNewBytes": 5000000000, "retries": 5},
      "successfulJobsHistoryLimit": 1, "failedJobsHistoryLimit": 2,
      "podTemplate": {"labels": {"team": "web"}, "annotations": {"example.org/a": "b"},
        "resources": {"limits": {"memory": "256Mi"}}, "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "backup", "operator": "Exists"}], "affinity": {"nodeAffinity": {}},
        "priorityClassName": "low"}}})");
}

// One field of a good object changed.
struct FieldChange {
  const char* name;
  const char* pointer;
  nlohmann::json value;
  const char* field;  // that the problem names; null: read
};
inline void PrintTo(const FieldChange& change, std::ostream* out) { *out << change.name; }

template <class Spec>
void ExpectJudged(const FieldChange& change, nlohmann::json object, api::Read<Spec> (*read)(const nlohmann::json&)) {
  object[nlohmann::json::json_pointer(change.pointer)] = change.value;
  const api::Read<Spec> spec = read(object);
  if (change.field == nullptr) {
    EXPECT_TRUE(spec) << ToString(spec.error());
    return;
  }
  ASSERT_FALSE(spec);
  ASSERT_EQ(spec.error().size(), 1U) << ToString(spec.error());
  EXPECT_EQ(spec.error()[0].field, change.field);
}

// Of GoodTarget.
inline void ExpectGoodRetention(const Retention& keep) {
  EXPECT_EQ(keep.keep_last, 3);
  EXPECT_EQ(keep.keep_minutely, 1);
  EXPECT_EQ(keep.keep_hourly, 2);
  EXPECT_EQ(keep.keep_daily, 7);
  EXPECT_EQ(keep.keep_weekly, 20);
  EXPECT_EQ(keep.keep_monthly, 12);
  EXPECT_EQ(keep.keep_yearly, -1);
  EXPECT_EQ(keep.keep_within, "48H");
  EXPECT_EQ(keep.glob_archives, "web-*");
}

}  // namespace borgop::test
