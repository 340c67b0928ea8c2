#!/usr/bin/env bash
# Packs the documents of a bucket by 1, 2, 4 and 8 workers, and joins their shards in the bucket. Reports for each: wall time of
# the slowest worker and of the join, requests, bytes through the joiner, and memory of a worker.
#
#   benches/bucket.sh [DOCUMENTS] [BYTES] [WORKERS...]     10000, 1024 and 1 2 4 8 unless given
#
# The server is the one that APPSNAP_S3 names (a URL, with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), or
# `benches/s3_server`, which keeps objects in memory: about 1.5 KiB a document, and the archive. A bucket is filled once and
# used again, as is the archive that it is filled from, in APPSNAP_BENCH_DIR. APPSNAP_BIN names the folder of the commands, if
# they were built before.
set -euo pipefail
cd "$(dirname "$0")/.."

documents=${1:-10000} bytes=${2:-1024}
shift $(($# < 2 ? $# : 2))
workers=("$@")
[ "$#" -gt 0 ] || workers=(1 2 4 8)
folder_of() { cargo metadata --no-deps --format-version 1 "$@" | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'; }
target=${APPSNAP_BIN:-}
if [ -z "$target" ]; then
    cargo build --quiet --release -p appsnap-cloud --bin pack --bin join --bin unpack --bin diff
    target=$(folder_of)/release
fi

parent=${APPSNAP_BENCH_DIR:-${TMPDIR:-/tmp}}
folder=$(mktemp -d "$parent/appsnap-bucket-XXXXXX")
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT
export AWS_ALLOW_HTTP=true AWS_REGION=${AWS_REGION:-us-east-1}
if [ -z "${APPSNAP_S3:-}" ]; then
    APPSNAP_S3=http://127.0.0.1:54390
    cargo build --quiet --release --manifest-path benches/s3_server/Cargo.toml
    "$(folder_of --manifest-path benches/s3_server/Cargo.toml)/release/appsnap-s3-server" 127.0.0.1:54390 >/dev/null &
    server=$!
    export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    until curl -s -o /dev/null "$APPSNAP_S3"; do sleep 0.2; done
fi
export AWS_ENDPOINT_URL=$APPSNAP_S3
bucket=s3://${APPSNAP_BUCKET:-appsnap-bench}

# The documents get into the bucket by way of an archive of theirs.
name=appsnap-bucket-$documents-$bytes.tar.gz
archive=$folder/$name
[ -z "${APPSNAP_BENCH_DIR:-}" ] || archive=$APPSNAP_BENCH_DIR/$name
if [ ! -f "$archive" ]; then
    python3 - "$documents" "$bytes" <<'PYTHON' | "$target/pack" --quiet --profile format --model-version 1 --files - --spool-dir "$folder" --output "$archive" --index >/dev/null 2>&1
import random, sys, tarfile, uuid
random.seed(1)
count, size, out = int(sys.argv[1]), int(sys.argv[2]), sys.stdout.buffer
for number in range(count):
    name = str(uuid.UUID(int=random.getrandbits(128)))
    header = tarfile.TarInfo(f"{name[:2]}/{name[2:4]}/{name}")
    header.size = size
    out.write(header.tobuf(tarfile.USTAR_FORMAT) + random.randbytes(size) + bytes(-size % 512))
out.write(bytes(1024))
PYTHON
fi
echo "$documents documents of $bytes bytes; archive of $(stat -c %s "$archive") bytes"
begun=$(date +%s.%N)
"$target/unpack" --quiet --only files "$archive" "$bucket/files" --json >"$folder/filled.json" 2>/dev/null
python3 - "$folder/filled.json" "$begun" <<'PYTHON'
import json, sys, time
found = json.load(open(sys.argv[1]))
print(f"uploaded {found['documents']} documents ({found['continued']} were there) in {time.time() - float(sys.argv[2]):.1f} s, requests {found['requests']}")
PYTHON

for count in "${workers[@]}"; do
    python3 - "$count" "$target" "$bucket" "$folder" "$archive" <<'PYTHON'
import json, os, resource, subprocess, sys, time
count, target, bucket, folder, archive = int(sys.argv[1]), *sys.argv[2:]
common = ["--quiet", "--json"]
begun = time.time()
def worker(k):
    out = open(f"{folder}/worker-{k}.json", "w")
    args = [f"{target}/pack", "--files", f"{bucket}/files", "--profile", "format", "--model-version", "1", "--shard", f"{k}/{count}",
            "--threads", "1", "--output", f"{bucket}/shards-{count}/", *common]
    return subprocess.Popen(args, stdout=out, stderr=subprocess.DEVNULL)
running = {process.pid: process for process in (worker(k) for k in range(1, count + 1))}
memory = []
while running:
    pid, status, usage = os.wait4(-1, 0)
    assert status == 0, "a worker failed"
    running.pop(pid)
    memory.append(usage.ru_maxrss)
packed = time.time() - begun
reports = [json.load(open(f"{folder}/worker-{k}.json")) for k in range(1, count + 1)]
def total(name): return sum(report["requests"][name] for report in reports)
begun = time.time()
join = [f"{target}/join", f"{bucket}/shards-{count}/", "--output", f"{bucket}/joined-{count}.tar.gz", *common]
joined = json.loads(subprocess.run(join, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
took = time.time() - begun
size = joined["archive_bytes"]
print(f"{count} workers: packed in {packed:.1f} s, joined in {took:.1f} s; {total('get')} GET, {total('list')} LIST, {total('head')} HEAD, "
      f"{total('put')} PUT; through the joiner {joined['joiner_bytes']:,} of {size:,} bytes ({joined['joiner_bytes'] / size:.1%}), "
      f"{joined['requests']['copy']} copies; a worker {max(memory) / 1024:.0f} MiB", flush=True)
assert subprocess.run([f"{target}/diff", archive, joined["output"]], stdout=subprocess.DEVNULL).returncode == 0, "another archive"
# The next run finds an empty folder.
user = f"{os.environ['AWS_ACCESS_KEY_ID']}:{os.environ['AWS_SECRET_ACCESS_KEY']}"
for url in [joined["output"], *(report["output"] for report in reports)]:
    place = url.replace("s3://", os.environ["AWS_ENDPOINT_URL"] + "/", 1)
    sign = ["--aws-sigv4", f"aws:amz:{os.environ['AWS_REGION']}:s3", "--user", user, "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    subprocess.run(["curl", "-sf", "-o", "/dev/null", "-X", "DELETE", *sign, place], check=True)
PYTHON
done
