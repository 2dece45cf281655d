// The names that the operator and people share: group, kinds, labels, annotations. All are part of the API: changing one breaks
// clusters that run.
//
// Thread safety: constants.
#pragma once

#include <string_view>

namespace borgop::api {

inline constexpr std::string_view kGroup = "borg-operator.dev";
inline constexpr std::string_view kVersion = "v1alpha1";
inline constexpr std::string_view kApiVersion = "borg-operator.dev/v1alpha1";
inline constexpr std::string_view kServerKind = "BorgServer";
inline constexpr std::string_view kServerPlural = "borgservers";
inline constexpr std::string_view kTargetKind = "BorgBackupTarget";
inline constexpr std::string_view kTargetPlural = "borgbackuptargets";

// Owner of the fields that the operator applies.
inline constexpr std::string_view kFieldManager = "borg-operator";
// On a Job, and on its pods, until the result stands in the target's status.
inline constexpr std::string_view kResultFinalizer = "borg-operator.dev/unread-result";

// On everything that the operator makes. The values of the first two come from LabelValue (reconcile/names.h).
inline constexpr std::string_view kTargetLabel = "borg-operator.dev/target";
inline constexpr std::string_view kServerLabel = "borg-operator.dev/server";
inline constexpr std::string_view kRunLabel = "borg-operator.dev/run";  // "backup" or "maintenance"
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedBy = "borg-operator";

// Set by people on a target.
inline constexpr std::string_view kRunNowAnnotation = "borg-operator.dev/run-now";           // a new value is one run
inline constexpr std::string_view kAcknowledgeAnnotation = "borg-operator.dev/acknowledge";  // the id of a finding
// Set by the operator on Jobs.
inline constexpr std::string_view kTargetNameAnnotation = "borg-operator.dev/target-name";  // whole, where the label may be cut
inline constexpr std::string_view kTriggerAnnotation = "borg-operator.dev/triggered-by";    // the run-now value
inline constexpr std::string_view kAttemptAnnotation = "borg-operator.dev/attempt";         // of a retry, from 1
inline constexpr std::string_view kRunIdAnnotation = "borg-operator.dev/run-id";            // of a retry: the first Job's uid
inline constexpr std::string_view kInputsAnnotation = "borg-operator.dev/inputs";           // digest of what the Job was made from
inline constexpr std::string_view kRecordedAnnotation = "borg-operator.dev/recorded";       // its result is in the status
// Set by the operator on what it applies: a digest of that, so that it is applied again only where it changes.
inline constexpr std::string_view kAppliedAnnotation = "borg-operator.dev/applied";

// Keys of a Secret with an SSH key. The first is that of the type kubernetes.io/ssh-auth.
inline constexpr std::string_view kPrivateKeyKey = "ssh-privatekey";
inline constexpr std::string_view kKnownHostsKey = "known_hosts";
inline constexpr std::string_view kKeyPassphraseKey = "ssh-passphrase";  // where the private key is encrypted

}  // namespace borgop::api
