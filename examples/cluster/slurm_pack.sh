#!/bin/bash
# Packs a snapshot on a Slurm cluster: an array job with one task for each shard, and a job that joins them.
#
#   slurm_pack.sh SHARDS FOLDER OUTPUT pack --database mx.dump --files /srv/app/data/files
#
# After OUTPUT comes the command that would pack everything on one machine, without `--output`. Files, folder and output must be
# on storage that all nodes reach under the same name. `squeue` shows the progress; logs are in the folder LOGS, by default
# FOLDER. Options of sbatch, such as --partition, are taken from its variables (SBATCH_PARTITION).
set -euo pipefail

attempt() {
    # 1: the input is bad, now and at every other try. 2 and signals: the machine's fault, so Slurm starts the task again.
    # It does so by itself if a node fails.
    local code=0
    "$@" --quiet || code=$?
    if [ "$code" -gt 1 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then
        scontrol requeue "${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}"
        # The requeue ends this script.
        sleep 60
    fi
    exit "$code"
}

case "${APPSNAP_STEP:-submit}" in
    submit)
        [ "$#" -gt 3 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
        shards=$1 folder=$2 output=$3
        shift 3
        logs=${LOGS:-$folder}
        mkdir -p "$logs"
        options=(--requeue --open-mode=append --cpus-per-task="${CPUS:-1}")
        packing=$(APPSNAP_STEP=pack sbatch --parsable "${options[@]}" --job-name=pack --array="1-$shards" \
            --output="$logs/pack-%a.log" "$0" "$folder" "$@")
        # The join starts after all tasks have succeeded. If one has failed, it is cancelled.
        APPSNAP_STEP=join sbatch --parsable "${options[@]}" --job-name=join --dependency="afterok:$packing" \
            --kill-on-invalid-dep=yes --output="$logs/join.log" ${WAIT:+--wait} "$0" "$folder" "$output"
        ;;
    pack)
        folder=$1
        shift
        # A shard that is packed twice has the same bytes.
        attempt "$@" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --output "$folder/"
        ;;
    join)
        # shellcheck disable=SC2086 # several options
        attempt "${JOIN:-join}" "$1/" --output "$2" ${JOIN_OPTIONS:-}
        ;;
esac
