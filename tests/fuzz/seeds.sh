#!/bin/bash
# Writes what the fuzzers start from: seeds.sh DIRECTORY makes DIRECTORY/NAME/ for each. Keys are made anew, so that none is in the sources.
set -euo pipefail
dir=$1
seed() { mkdir -p "$dir/$1" && cat >"$dir/$1/$2"; } # FUZZER FILE: standard input is the seed
keys=$(mktemp -d)
trap 'rm -r "$keys"' EXIT
make_key() { ssh-keygen -q -C '' -f "$keys/$1" "${@:2}"; }
make_key ed25519 -t ed25519 -N ''
make_key ecdsa -t ecdsa -N '' -m PEM
make_key rsa -t rsa -b 2048 -N '' -m PEM
make_key encrypted -t ed25519 -N 'open sesame'
for key in ed25519 ecdsa rsa encrypted; do seed private_key "$key" <"$keys/$key"; done
public() { cut -d' ' -f1,2 "$keys/$1.pub"; }

seed known_hosts lines <<END
# [web.example.org]:2222 SSH-2.0-OpenSSH_9.2
[web.example.org]:2222,web $(public ed25519) a comment
@revoked * $(public ecdsa)
|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA= $(public rsa)
$(public ecdsa)
END
seed plan_toml two-servers <<END
[Borg]
RootDir="/home/backups"
PruneSetting="--keep-daily 7 --keep-within 2d"
[Borg.Server]
Host="b.example.org"
UserName="borg"
KnownHost="b.example.org $(public ed25519)"
PrivateKey="""
$(<"$keys/ed25519")
"""
[[Servers]]
Name="web"
SourcePaths=["/etc"]
Excludes=["/srv/**/*.tmp"]
[Servers.BorgTarget]
SubDir="web/01"
Passphrase="correct horse"
[Servers.Connection]
Host="web.example.org:2222"
Username="backup"
KnownHost="""
[web.example.org]:2222 $(public ed25519)
"""
PrivateKey="""
$(<"$keys/ed25519")
"""
END
seed plan_yaml whole <<END
version: 1
server: &b
  host: b.example.org
  port: 2200
  user: borg
  knownHosts: "[b.example.org]:2200 $(public ed25519)"
  rootDir: /home/backups
  privateKey: |
$(sed 's/^/    /' "$keys/ed25519")
targets:
- name: web
  repository: {path: web/01, passphrase: "correct \\x68orse", encryption: repokey}
  source: {paths: [/etc, !!binary L3Nydv8=], excludes: ['*.tmp'], compression: 'zstd,9', oneFileSystem: true}
  archiveName: "{hostname}-{utcnow:%Y}"
  retention: {keepLast: 3, keepMonthly: -1, keepWithin: 48H, globArchives: web-*}
  maintenance: {check: archives, compact: false}
  hooks: {before: [[sh, -c, "x >'y z'"]], after: [[sleep, 5]], timeoutSeconds: 300}
  limits: {deadlineSeconds: 3600, uploadRateKiBps: 1024}
  connection:
    host: web.example.org
    user: backup # web
    knownHosts: web.example.org $(public ed25519)
    privateKey: |
$(sed 's/^/      /' "$keys/ed25519")
END
seed prune_setting options <<<"--keep-daily 7 -w=20 --keep-within 2d --glob-archives 'web-*' --lock-wait 60 --list -y15"
seed borg_log errors <<'END'
{"type": "archive_progress", "original_size": 100, "compressed_size": 90, "deduplicated_size": 80, "nfiles": 3, "path": "srv/x", "time": 1.5}
{"type": "file_status", "status": "A", "path": "/srv/x\udcff"}
{"type": "log_message", "time": 1.5, "message": "Remote: borg: not found", "levelname": "WARNING", "name": "borg.x", "msgid": "LockTimeout"}
{"type": "log_message", "levelname": "ERROR", "name": "borg.archiver", "message": "[Errno 28] No space left on device", "msgid": "Exception"}
Traceback (most recent call last):
borg: error: unrecognized arguments
END
seed borg_output create <<'END'
{"archive": {"duration": 1.5, "end": "2026-11-01T10:00:00.000000", "id": "00ff", "name": "snapshot-1", "start": "2026-11-01T10:00:00.000000",
"stats": {"compressed_size": 1, "deduplicated_size": 2, "nfiles": 3, "original_size": 4}}, "encryption": {"mode": "repokey"},
"repository": {"id": "00ff", "location": "ssh://b/x"}, "cache": {"stats": {"unique_csize": 1}}}
END
seed borg_output list <<'END'
{"archives": [{"archive": "a", "id": "00ff", "name": "a", "start": "2026-11-01T10:00:00.000000", "time": "2026-11-01T10:00:00.000000"}],
"encryption": {"mode": "repokey"}, "repository": {"id": "00ff", "last_modified": "2026-11-01T10:00:00.000000", "location": "ssh://b/x"}}
END
# borg's RPC (remote.py): requests of T and answers of B.
id=$(printf '\\001%.0s' {1..32}) manifest=$(printf '\\000%.0s' {1..32}) repository="R$(printf '\\000%.0s' {1..31})"
negotiate='\224\001\001\251negotiate\221\201\256client_version\224\001\002\004\377'
open='\203\241i\002\241m\244open\241a\203\244path\242/r\244lock\303\251exclusive\303'
put="\\203\\241i\\004\\241m\\243put\\241a\\202\\242id\\331\\040$id\\244data\\331\\024abcdefghijklmnopqrst"
commit='\203\241i\007\241m\246commit\241a\201\247compact\302'
manifest="\\203\\241i\\006\\241m\\243put\\241a\\202\\242id\\331\\040$manifest\\244data\\241x"
nonce='\203\241i\003\241m\256get_free_nonce\241a\200'
reserve='\203\241i\010\241m\331\030commit_nonce_reservation\241a\202\257next_unreserved\100\253start_nonce\006'
delete="\\203\\241i\\005\\241m\\246delete\\241a\\201\\242id\\331\\040$id"
bytes() { printf '%b' "$@"; }
record() { # SIDE BYTES: as the fuzzer guard reads it
  local size
  size=$(bytes "$2" | wc -c)
  bytes "\\$(printf %03o $((size * 2 + $1)))" "$2"
}
bytes "$negotiate$open$put$delete$manifest$commit$reserve" | seed borg_messages requests
bytes "\224\001\001\300\201\256server_version\223\001\002\004\202\241i\002\241r\331\040$repository\203\241i\003\257exception_class\246Errors\256exception_args\220" |
  seed borg_messages answers
{
  record 0 "$negotiate"
  record 1 '\224\001\001\300\002'
  record 0 "$open"
  record 1 "\\202\\241i\\002\\241r\\331\\040$repository"
  record 0 "$nonce"
  record 1 '\202\241i\003\241r\006'
  for request in put delete manifest commit reserve; do record 0 "${!request}"; done
  for id in 4 5 6 7 10; do record 1 "\\202\\241i\\0$id\\241r\\300"; done
} | seed guard session
printf 'start 0\nend 0 0 4\nabc\nstart 1\nend 1 late 0\nend 2 127 0\nended\n' | seed hook_log three
seed report short <<'END'
{"version":1,"engine":"0.1.0","startTime":"2026-11-01T10:00:00Z","endTime":"2026-11-01T10:00:01Z","outcome":"Completed","exitCode":0,
"targets":[{"name":"web","outcome":"Completed","phases":[{"name":"connect","startTime":"2026-11-01T10:00:00Z","seconds":0.5}],
"repository":{"id":"00ff","encryption":"repokey","archives":3},"archive":{"id":"00ff","name":"a","files":1,"originalSize":2},
"warnings":[{"reason":"x","message":"y"}],"error":{"reason":"HookFailed","kind":"Transient","message":"m","action":"a"}}]}
END
seed ledger whole <<'END'
{"version":1,"repositoryID":"00000000000000000000000000000000000000000000000000000000000000ff","archives":[
{"id":"00000000000000000000000000000000000000000000000000000000000000a0","name":"web-1","seen":"2026-11-01T10:00:00.000Z","adopted":true},
{"id":"00000000000000000000000000000000000000000000000000000000000000a1","name":"web-2","seen":"2026-11-02T10:00:00Z","dropped":"2026-11-03T10:00:00Z"},
{"id":"00000000000000000000000000000000000000000000000000000000000000a2","name":"web-2","seen":"2026-11-04T10:00:00+01:00"}]}
END
seed ledger changes <<'END'
{"version":1,"repositoryID":"00000000000000000000000000000000000000000000000000000000000000ff","nonce":7,"archives":[
{"id":"00000000000000000000000000000000000000000000000000000000000000a2","name":"web-2","seen":"2026-11-04T10:00:00+01:00"}],
"forgotten":["00000000000000000000000000000000000000000000000000000000000000a1"],
"replaces":"00000000000000000000000000000000000000000000000000000000000000fe"}
END
printf 'drwxr-xr-x 0 2026-11-27T01:35:11.237774 healthy srv\0-rwsr-S--T 4096 2026-11-27T01:35:11.000000 broken srv/a ?\0hrw-r--r-- 0 1969-12-31T23:59:59.000000 healthy x\0' |
  seed item_list items
printf 'csrv/a\0c\377 b\0e\0' | seed restore_answers in_the_way
printf '0 missing\n1 changed\n2 sha256 %064d\n' 0 | seed restore_answers live
printf 'w?b-[!a-c]**/[]-]*\nweb-d1' | seed archive_glob set
seed watch events <<'END'
{"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"b","uid":"1","resourceVersion":"5"}}}
{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"7"}}}
{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old"}}
END
seed kubeconfig whole <<'END'
apiVersion: v1
kind: Config
current-context: a
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: LS0=, tls-server-name: x}}]
contexts: [{name: a, context: {cluster: c, user: u, namespace: n}}, {name: b, context: {cluster: c, user: v}}]
users:
- {name: u, user: {token: abc, client-certificate: x.crt, client-key-data: LS0=}}
- {name: v, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: get, args: [a], env: [{name: A, value: b}], interactiveMode: Never}}}
END
seed exec_credential token <<'END'
{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"abc","expirationTimestamp":"2026-11-01T10:00:00Z",
"clientCertificateData":"-----BEGIN CERTIFICATE-----","clientKeyData":"-----BEGIN PRIVATE KEY-----"}}
END

printf 2026-11-01T10:00:00.123456+02:00 | seed rfc3339 offset
seed api_error status <<'END'
{"kind":"Status","apiVersion":"v1","status":"Failure","message":"conflict","reason":"Conflict","details":{"retryAfterSeconds":3},"code":409}
END
seed resources target <<'END'
{"apiVersion":"borg-operator.dev/v1alpha1","kind":"BorgBackupTarget","metadata":{"name":"web","namespace":"b","uid":"1","generation":2,
"annotations":{"borg-operator.dev/run-now":"x"},"finalizers":["y"]},"spec":{"serverRef":{"name":"v"},"schedule":"30 2 * * *","timeZone":"Europe/Paris",
"repository":{"path":"web/01","passphraseSecretRef":{"name":"p","key":"k"}},"connection":{"host":"h","port":22,"user":"u","sshSecretRef":{"name":"s"}},
"source":{"paths":["/etc"]},"retention":{"keepDaily":7},"hooks":{"before":[["sh"]]},"podTemplate":{"spec":{"nodeSelector":{"a":"b"}}}},
"status":{"observedGeneration":2,"conditions":[{"type":"Ready","status":"True","reason":"x","message":"m","lastTransitionTime":"2026-11-01T10:00:00Z"}],
"lastBackup":{"phase":"Completed","startTime":"2026-11-01T10:00:00Z","job":"j"},"consecutiveFailures":1}}
END
seed resources state <<'END'
{"kind":"ConfigMap","metadata":{"name":"a","namespace":"b"},"data":{"state.json":"{\"version\":2}","ledger.json":"{\"version\":1,\"repositoryID\":\"00000000000000000000000000000000000000000000000000000000000000ff\",\"archives\":[]}"}}
END
seed resources lease <<'END'
{"kind":"Lease","metadata":{"name":"a","namespace":"b","resourceVersion":"4"},"spec":{"holderIdentity":"x","leaseDurationSeconds":15,
"acquireTime":"2026-11-01T10:00:00.123456Z","renewTime":"2026-11-01T10:00:00.123456Z","leaseTransitions":3}}
END
