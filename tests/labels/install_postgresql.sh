#!/bin/sh
# Installs Debian's PostgreSQL, for the tests of the label store, where that is allowed; says what is missing where not.
set -eu

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root="no"
fi

if [ "$as_root" = no ] || ! command -v apt-get >/dev/null; then
    echo "The tests of the label store need PostgreSQL, and it is not installed." >&2
    echo "Install it (on Debian: sudo apt-get install postgresql), or put its initdb and pg_ctl on the PATH." >&2
    exit 1
fi

echo "Installing PostgreSQL for the tests of the label store ..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# The tests start servers of their own; the package need not set one up.
$as_root mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || \
    echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
$as_root apt-get install -y -qq --no-install-recommends postgresql >/dev/null
ls -d /usr/lib/postgresql/*/bin
