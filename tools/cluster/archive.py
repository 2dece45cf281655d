#!/usr/bin/env python3
"""Writes a container image of one layer as an OCI archive to stdout: archive.py NAME FOLDER [CONFIG]

NAME is a reference such as localhost/pause:1; FOLDER becomes the root file system, owned by root; CONFIG is JSON as in the image
configuration's "config" (https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md). For what has no distribution in it and needs
no build of its own. The same input gives the same bytes.
"""

import hashlib
import io
import json
import os
import platform
import sys
import tarfile

OCI = "application/vnd.oci.image."
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def owned_by_root(entry):
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mtime = 0
    return entry


def main():
    name, folder = sys.argv[1:3]
    config = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    blobs = {}

    def add(data, media_type, **more):
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": OCI + media_type, "digest": "sha256:" + digest, "size": len(data), **more}

    def add_json(document, media_type, **more):
        return add(json.dumps(document, sort_keys=True).encode(), media_type, **more)

    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for entry in sorted(os.listdir(folder)):
            tar.add(os.path.join(folder, entry), entry, filter=owned_by_root)
    layer = add(layer.getvalue(), "layer.v1.tar")
    architecture = platform.machine()
    described = add_json({"architecture": ARCHITECTURES.get(architecture, architecture), "os": "linux", "config": config,
                          "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}, "config.v1+json")
    manifest = add_json({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": described, "layers": [layer]},
                        "manifest.v1+json", annotations={"io.containerd.image.name": name,
                                                         "org.opencontainers.image.ref.name": name.rsplit(":", 1)[-1]})
    files = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
             "index.json": json.dumps({"schemaVersion": 2, "manifests": [manifest]}, sort_keys=True).encode(),
             **{"blobs/sha256/" + digest: data for digest, data in blobs.items()}}
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for path, data in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    main()
