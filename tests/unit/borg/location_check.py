"""What borg's own code makes of repository URLs: reads lines "URL<TAB>path" in hexadecimal, prints "same", or what differs."""
import os
import sys

os.environ.pop("BORG_REPO", None)
try:
    from borg.helpers import Location
    from borg.helpers import msgpack
    from borg.remote import RepositoryServer
except ImportError:
    print("no borg")
    sys.exit(0)


def verdict(url, path):
    for suffix, archive in (("", None), ("::a-1", "a-1")):
        location = Location(url + suffix)
        if location.path != path or location.archive != archive or location.proto != "ssh" or location.host != "borg-server":
            return "client: %r %r" % (location.path, location.archive)
    url.encode("utf-8")  # create packs its command line strictly
    if RepositoryServer._resolve_path(None, path) != path:  # realpath: these paths hold no links
        return "server: %r" % RepositoryServer._resolve_path(None, path)
    if Location("file://" + path).path != path:  # Repository.__init__
        return "repository: %r" % Location("file://" + path).path
    return "same"


for line in sys.stdin:
    url, path = (os.fsdecode(bytes.fromhex(word)) for word in line.rstrip("\n").split("\t"))
    try:
        print(verdict(url, path).encode("ascii", "backslashreplace").decode())
    except Exception as error:
        print("error: " + repr(error))
