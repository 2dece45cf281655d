# shellcheck shell=bash
# What the verbs say to a person. Source it; it sets no shell options.
#
# Messages go to stderr, so that a verb's stdout stays its result. Colours only where stderr is a terminal and NO_COLOR is unset.

if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
else
  bold='' red='' green='' yellow='' plain=''
fi

say() { printf '%s\n' "$*" >&2; }
step() { printf '%s==>%s %s\n' "$bold" "$plain" "$*" >&2; }
good() { printf '%s%s%s\n' "$green" "$*" "$plain" >&2; }
warn() { printf '%swarning:%s %s\n' "$yellow" "$plain" "$*" >&2; }
fail() { # MESSAGE [EXIT CODE]
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  exit "${2:-1}"
}
