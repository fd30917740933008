#!/bin/sh
# Installs the Debian packages that the tests host, where that is possible; says so where not.
set -u
PACKAGES="guitarix-lv2 calf-plugins invada-studio-plugins-lv2 rubberband-lv2 zam-plugins \
dragonfly-reverb-lv2 liblilv-0-0 caps sox chromium"

missing=""
for package in $PACKAGES; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "plugins not installed (needs Debian and root):$missing" >&2
    exit 0
fi
echo "installing plugins for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing >/dev/null || {
    echo "could not install:$missing" >&2
}
exit 0
