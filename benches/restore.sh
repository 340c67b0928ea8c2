#!/usr/bin/env bash
# Restores one snapshot with `restore`, and in the usual way: tar xzf, createdb, pg_restore, cp. Reports wall time, and the
# most disk space that each takes besides the old state.
#
#   benches/restore.sh [DOCUMENTS] [DUMP_MEGABYTES]     50000 and 200 unless given
#
# Wants PostgreSQL's server programs (initdb, pg_ctl) and, as root, setpriv. Starts a server of its own in a temporary folder
# (APPSNAP_BENCH_DIR, or the system's), and removes it.
set -euo pipefail
cd "$(dirname "$0")/.."

documents=${1:-50000} megabytes=${2:-200}
cargo build --quiet --release -p appsnap-restore
cargo build --quiet --release --example pack
target=$(cargo metadata --no-deps --format-version 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release

folder=$(mktemp -d "${APPSNAP_BENCH_DIR:-${TMPDIR:-/tmp}}/appsnap-restore-XXXXXX")
programs=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1 || command -v initdb)")
export PGHOST=$folder PGPORT=54339 PGUSER=postgres PATH=$programs:$PATH
as_server() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --clear-groups -- "$@"; else "$@"; fi
}
cleanup() {
    as_server pg_ctl -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap cleanup EXIT
chmod 777 "$folder"
cd "$folder"
as_server initdb -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
as_server pg_ctl -D "$folder/data" -l "$folder/log" -o "-k $folder -p $PGPORT -c listen_addresses= -c max_wal_size=2GB" -w start >/dev/null

# An app: tables of random text, about half of which compresses away, with indexes, and a row for each document.
python3 - "$documents" <<'PYTHON'
import os, random, sys, uuid
random.seed(1)
rows = open("rows.tsv", "w")
for number in range(int(sys.argv[1])):
    name = str(uuid.UUID(int=random.getrandbits(128)))
    size = random.choice((900, 3000, 5000, 9000, 20000))
    os.makedirs(f"source/{name[:2]}/{name[2:4]}", exist_ok=True)
    with open(f"source/{name[:2]}/{name[2:4]}/{name}", "wb") as file:
        file.write(random.randbytes(size))
    rows.write(f"{number}\t{name}\tt\t{size}\n")
PYTHON
createdb source
psql -X -q -d source <<SQL
create table "system\$filedocument" (id bigint primary key, __uuid__ varchar(36), hascontents boolean, size bigint);
\\copy "system\$filedocument" from rows.tsv
select format('create table public.orders_%s as select n as id, md5(n::text || %s) as one, md5(%s || n::text) as two, n %% 1000 as customer from generate_series(1, %s) n', t, t, t, ($megabytes * 20000 / 8)) from generate_series(1, 8) t \\gexec
select format('alter table orders_%s add primary key (id)', t) from generate_series(1, 8) t \\gexec
select format('create index on orders_%s (one)', t) from generate_series(1, 8) t \\gexec
SQL
pg_dump -O -x -Fc -f app.dump source
dropdb source
"$target/examples/pack" --quiet --model-version 1 --database app.dump --files source --output backup.tar.gz >/dev/null
rm -rf source app.dump
ls -l backup.tar.gz

# Samples the space that is used until the process ends, and prints the most.
most_of() {
    local pid=$1 most=0 now
    while kill -0 "$pid" 2>/dev/null; do
        now=$(du -sk --exclude=pg_wal --exclude=backup.tar.gz . 2>/dev/null | cut -f 1)
        if [ "$now" -gt "$most" ]; then most=$now; fi
        sleep 0.5
    done
    echo "$most" >most
}
measure() {
    local name=$1 before start end
    shift
    psql -X -q -d postgres -c checkpoint
    sync
    before=$(du -sk --exclude=pg_wal --exclude=backup.tar.gz . | cut -f 1)
    start=$(date +%s.%N)
    "$@" >"$name.log" 2>&1 &
    local pid=$!
    most_of "$pid" &
    wait "$pid" || { cat "$name.log"; exit 1; }
    end=$(date +%s.%N)
    wait
    python3 -c "print('%-22s %6.1f s   %6.0f MB at most' % ('$name', $end - $start, ($(cat most) - $before) / 1024))"
}
usual() {
    mkdir unpacked
    tar xzf backup.tar.gz -C unpacked
    createdb app
    pg_restore --no-owner --no-acl --exit-on-error -d app unpacked/db/db.backup
    mkdir files
    cp -r unpacked/tree/. files/
    rm -rf unpacked
}
forget() {
    dropdb --if-exists app
    rm -rf files
}
for round in 1 2; do
    measure usual usual
    forget
    measure restore "$target/restore" backup.tar.gz --profile format --quiet --database "postgresql:///app" --files files
    forget
done
measure restore-jobs-2 "$target/restore" backup.tar.gz --profile format --quiet --jobs 2 --database "postgresql:///app" --files files
