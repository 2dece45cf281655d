# shellcheck shell=bash
# Which Debian mirror apt on this machine uses, in apt's own words, whatever form its sources are written in. Source it, then:
#
#   find_mirrors     sets main_mirror (exit code 1: there is none) and security_mirror (may be empty)
#
# A mirror has every release: what it is used for here is often another release than the machine's own.

find_mirrors() {
  local targets release codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  targets=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | sort -u)
  mirror_of() { awk -v r="$1" '$3 == "main" && $2 == r {print $1; exit}' <<<"$targets"; }
  main_mirror='' security_mirror=''
  for release in "$codename" stable oldstable trixie; do
    main_mirror=${main_mirror:-$(mirror_of "$release")} security_mirror=${security_mirror:-$(mirror_of "$release-security")}
  done
  [[ -n $main_mirror ]]
}
