#!/bin/sh
# Installs Debian's Chromium, for the browser tests, where that is allowed; says what is missing where it is not.
set -eu
. "$(dirname "$0")/../debian.sh"

may_install Chromium "The browser tests" \
    "Install it (on Debian: sudo apt-get install chromium), or name a browser with CHROMIUM=/path/to/chromium."
$as_root apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null
command -v chromium
