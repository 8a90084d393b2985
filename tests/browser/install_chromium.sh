#!/bin/sh
# Installs Debian's Chromium, for the browser tests, where that is allowed; says what is missing where it is not.
set -eu

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root="no"
fi

if [ "$as_root" = no ] || ! command -v apt-get >/dev/null; then
    echo "The browser tests need Chromium, and it is not installed." >&2
    echo "Install it (on Debian: sudo apt-get install chromium), or name a browser with CHROMIUM=/path/to/chromium." >&2
    exit 1
fi

echo "Installing Chromium for the browser tests ..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends chromium fonts-liberation >/dev/null
command -v chromium
