#!/usr/bin/env bash
# Compares two revisions side by side: their benches run in turn, and the medians are printed.
#
#   benches/compare.sh OLD NEW [WORD...]
#
# OLD and NEW are revisions; a dot is the work tree as it is. The WORDs are those of `--bench peers`: small, mixed, text,
# pack, list, extract, fetch. Both revisions are measured by the benches of the work tree. A difference of less than 3 % is
# noise. ROUNDS=N takes another number of runs than 5; COUNT=N another number of documents than 50,000.
set -euo pipefail

[ $# -ge 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
old=$1 new=$2
shift 2
root=$(git rev-parse --show-toplevel)
cd "$root"
work=${APPSNAP_COMPARE_FOLDER:-$root/target/compare}
mkdir -p "$work"

# Builds the bench of a revision in a folder of its own, which is kept for the next comparison.
build() {
    local revision=$1 side=$2 tree=$root
    if [ "$revision" != . ]; then
        tree=$work/$side
        git worktree remove --force "$tree" 2> /dev/null || true
        git worktree add --quiet --force --detach "$tree" "$revision"
        rm -rf "$tree/benches"
        cp -R "$root/benches" "$tree/benches"
    fi
    cargo bench --quiet --manifest-path "$tree/Cargo.toml" --target-dir "$work/target-$side" \
        -p appsnap-benches --bench peers --no-run >&2
    cargo build --quiet --release --manifest-path "$tree/Cargo.toml" --target-dir "$work/target-$side" \
        -p appsnap --example pack --example fetch_document >&2
    # The newest: older ones are of other revisions.
    find "$work/target-$side/release/deps" -name 'peers-*' -type f -perm -u+x -printf '%T@ %p\n' | sort -n | tail -1 | cut -d' ' -f2-
}
old_bench=$(build "$old" old)
new_bench=$(build "$new" new)

results=$(mktemp)
trap 'rm -f "$results"; for side in old new; do git worktree remove --force "$work/$side" 2> /dev/null || true; done' EXIT
for round in $(seq "${ROUNDS:-5}"); do
    for side in old new; do
        bench=${side}_bench
        "${!bench}" --bench --plain --rounds 1 --count "${COUNT:-50000}" "$@" | sed "s/^/$side\t/" >> "$results"
        echo "round $round: $side" >&2
    done
done

echo "$old and $new, medians of ${ROUNDS:-5} runs in turn"
echo
echo "| what | old s | new s | ratio | old cpu s | new cpu s | ratio |"
echo "|---|---|---|---|---|---|---|"
awk -F'\t' '
    function median(key,    count, i, j, swap, values) {
        count = split(samples[key], values, " ")
        for (i = 2; i <= count; i++)
            for (j = i; j > 1 && values[j] + 0 < values[j - 1] + 0; j--) {
                swap = values[j]; values[j] = values[j - 1]; values[j - 1] = swap
            }
        return values[int((count + 1) / 2)]
    }
    {
        if (!($2 in seen)) { seen[$2] = 1; order[++rows] = $2 }
        samples[$1 SUBSEP $2 SUBSEP "wall"] = samples[$1 SUBSEP $2 SUBSEP "wall"] " " $3
        samples[$1 SUBSEP $2 SUBSEP "cpu"] = samples[$1 SUBSEP $2 SUBSEP "cpu"] " " $4
    }
    END {
        for (row = 1; row <= rows; row++) {
            what = order[row]
            line = "| " what
            for (kind = 1; kind <= 2; kind++) {
                name = kind == 1 ? "wall" : "cpu"
                before = median("old" SUBSEP what SUBSEP name)
                after = median("new" SUBSEP what SUBSEP name)
                ratio = before > 0 ? sprintf("%.3f", after / before) : ""
                line = line " | " before " | " after " | " ratio
            }
            print line " |"
        }
    }' "$results"
