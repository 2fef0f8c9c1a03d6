# shellcheck shell=bash
# What the scripts that install things share.

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }

patiently() { # COMMAND…: up to three times, for package sources sometimes fail once
    local tries=1
    until "$@"; do
        [ "$tries" -lt 3 ] || return 1
        say "That failed; it is tried again"
        sleep $((5 * tries))
        tries=$((tries + 1))
    done
}

apt_install() { # by name; only where this is Debian and we may
    command -v apt-get >/dev/null || return 1
    local sudo=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || return 1
        sudo="sudo -n"
    fi
    say "Installing $* with apt"
    apt_fetch() { # the list too: where it came only in part, the packages are not found
        $sudo apt-get update -qq &&
            $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=120 "$@" >/dev/null
    }
    patiently apt_fetch "$@"
}
