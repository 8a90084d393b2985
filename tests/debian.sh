# Sourced by the scripts that install a Debian package for the tests, where that is allowed.
# $as_root is what to run a command as root with, once `may_install` has come back.

# may_install WHAT WHO TODO: says what is missing and ends the script where nothing may be installed.
may_install() {
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        as_root="no"
    fi
    if [ "$as_root" = no ] || ! command -v apt-get >/dev/null; then
        echo "$2 need $1, and it is not installed." >&2
        echo "$3" >&2
        exit 1
    fi
    echo "Installing $1 for the tests ..."
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq
}
