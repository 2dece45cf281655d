#!/usr/bin/env python3
"""Lists what is in an image, as SPDX 2.3 JSON on stdout: sbom.py NAME VERSION REVISION EPOCH ROOT

ROOT is the image's root file system. Debian's packages are those that dpkg knows there (var/lib/dpkg/status, or a file each in
var/lib/dpkg/status.d); what is linked into our programs stands in usr/share/borg-operator/linked. https://spdx.github.io/spdx-spec/v2.3/
"""

import datetime
import json
import pathlib
import re
import sys


def stanzas(root):
    """Fields of each installed package, as dpkg's status file has them."""
    folder = root / "var/lib/dpkg/status.d"
    texts = [path.read_text() for path in sorted(folder.iterdir())] if folder.is_dir() and any(folder.iterdir()) else []
    status = root / "var/lib/dpkg/status"
    if status.exists():
        texts += status.read_text().split("\n\n")
    for text in texts:
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", text, re.MULTILINE))
        if "Package" in fields and "installed" in fields.get("Status", "").split():
            yield fields


def package(identifier, name, version, **more):
    return {"SPDXID": "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", identifier), "name": name, "versionInfo": version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False, **more}


def main():
    name, version, revision, epoch, root = sys.argv[1:]
    root = pathlib.Path(root)
    codename = re.search(r"VERSION_CODENAME=(\w+)", (root / "etc/os-release").read_text()) if (root / "etc/os-release").exists() else None
    distribution = f"&distro=debian-{codename[1]}" if codename else ""
    packages = [package(name, name, version, licenseDeclared="Apache-2.0", sourceInfo=f"git revision {revision}")]
    for fields in stanzas(root):
        found, its_version, architecture = fields["Package"], fields["Version"], fields["Architecture"]
        packages.append(package(found, found, its_version, supplier="Organization: Debian", externalRefs=[
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
             "referenceLocator": f"pkg:deb/debian/{found}@{its_version}?arch={architecture}{distribution}"}]))
    for line in (root / "usr/share/borg-operator/linked").read_text().splitlines():
        found, its_version = line.split()
        packages.append(package("linked-" + found, found, its_version, comment="linked into the program"))
    if len(packages) < 5:
        sys.exit(f"sbom.py: no packages below {root}")
    own = packages[0]["SPDXID"]
    created = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    json.dump({"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"{name}-{version}",
               "documentNamespace": f"https://borg-operator.dev/spdx/{name}-{version}-{revision}",
               "creationInfo": {"created": created, "creators": ["Tool: borg-operator-sbom"]}, "packages": packages,
               "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own}] +
                                [{"spdxElementId": own, "relationshipType": "DEPENDS_ON", "relatedSpdxElement": other["SPDXID"]}
                                 for other in packages[1:]]},
              sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
