#!/bin/sh
# Installs Debian's PostgreSQL, for the tests of the label store, where that is allowed; says what is missing where not.
set -eu
. "$(dirname "$0")/../debian.sh"

may_install PostgreSQL "The tests of the label store" \
    "Install it (on Debian: sudo apt-get install postgresql), or put its initdb and pg_ctl on the PATH."
# The tests start servers of their own; the package need not set one up.
$as_root mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || \
    echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
$as_root apt-get install -y -qq --no-install-recommends postgresql >/dev/null
ls -d /usr/lib/postgresql/*/bin
