# shellcheck shell=bash
# What the scripts that install things share.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

apt_install() { # by name; only where this is Debian and we may
    command -v apt-get >/dev/null || return 1
    local sudo=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
        sudo="sudo -n"
    fi
    say "Installing $* with apt"
    $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}
