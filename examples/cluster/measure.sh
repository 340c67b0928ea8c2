#!/bin/bash
# Packs documents with 1, 2, 4 and 8 processes on this machine, joins the shards, compares the archive with that of one pack, and
# prints the times.
#
#   measure.sh FOLDER_WITH_PACK_AND_JOIN [DOCUMENTS [BYTES]]
set -euo pipefail
programs=$(realpath "$1") documents=${2:-100000} bytes=${3:-1024}
folder=$(mktemp -d "${APPSNAP_BENCH_DIR:-${TMPDIR:-/tmp}}/appsnap-measure-XXXXXX")
trap 'rm -rf "$folder"' EXIT
python3 - "$folder/files" "$documents" "$bytes" <<'PYTHON'
import os, random, sys, uuid
folder, count, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(1)
for _ in range(count):
    name = str(uuid.UUID(bytes=random.randbytes(16), version=4))
    shard = os.path.join(folder, name[:2], name[2:4])
    os.makedirs(shard, exist_ok=True)
    with open(os.path.join(shard, name), "wb") as file:
        file.write(random.randbytes(length))
PYTHON
pack=("$programs/pack" --files "$folder/files" --profile format --quiet --json --threads 1)

# Runs a command, and prints its seconds and the most memory of one of its processes in MiB.
measured() {
    /usr/bin/env python3 - "$@" <<'PYTHON'
import resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{time.monotonic() - start:.2f} s, {peak:.0f} MiB")
PYTHON
}

echo "$documents documents of $bytes bytes, $(nproc) processors"
echo "one pack: $(measured "${pack[@]}" --output "$folder/whole.tar.gz")"
for processes in 1 2 4 8; do
    rm -rf "$folder/shards"
    # shellcheck disable=SC2016 # expanded by the inner shell
    all='count=$1; shift; for number in $(seq "$count"); do "$@" --shard "$number/$count" & done; wait'
    packed=$(measured bash -c "$all" bash "$processes" "${pack[@]}" --output "$folder/shards/")
    joined=$(measured "$programs/join" "$folder/shards" --output "$folder/joined.tar.gz" --no-index --quiet)
    cmp "$folder/whole.tar.gz" "$folder/joined.tar.gz"
    echo "$processes processes: $packed; join: $joined"
done
