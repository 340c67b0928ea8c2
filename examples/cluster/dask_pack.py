#!/usr/bin/env python3
"""Packs a snapshot on a Dask cluster: one task for each shard, and one that joins them.

    dask_pack.py --shards 16 --folder shards --output backup.tar.gz -- \\
        pack --database mx.dump --files /srv/app/data/files

After `--` comes the command that would pack everything on one machine, without `--output`. Files, folder and output must be on
storage that all machines of the cluster reach under the same name. Without --scheduler, a cluster of this machine is started
and ended. The dashboard whose address is printed shows every task.
"""

import argparse
import subprocess

from dask.distributed import Client, as_completed

# Dask copies these functions to workers: what they need is passed to them.


def run(command):
    # Progress bars of many machines in one log help no one.
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    # 1: the input is bad, now and at every other try. 2 and signals: the machine's fault, so Dask tries again.
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr}")
    return done.returncode, done.stderr


def verify(result):
    code, messages = result
    if code != 0:
        raise SystemExit(messages)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scheduler", help="the cluster, for example tcp://scheduler:8786")
    parser.add_argument("--workers", type=int, help="processes of a cluster of this machine")
    parser.add_argument("--shards", type=int, required=True, help="parts to divide the work into: some for each machine")
    parser.add_argument("--folder", required=True, help="where the shards are kept, a folder or a URL")
    parser.add_argument("--output", required=True, help="the snapshot to write, a file or a URL")
    parser.add_argument("--join", default="join", help="the program that joins")
    parser.add_argument("--join-option", action="append", default=[], help="such as --join-option=--no-index")
    parser.add_argument("command", nargs="+", help="the pack command")
    args = parser.parse_args()

    local = {} if args.scheduler else {"n_workers": args.workers, "threads_per_worker": 1}
    with Client(args.scheduler, **local) as client:
        print(client.dashboard_link, flush=True)
        commands = [
            [*args.command, "--shard", f"{number}/{args.shards}", "--output", f"{args.folder}/"]
            for number in range(1, args.shards + 1)
        ]
        # Dask starts a task again if its worker dies, and if it raised an exception. A shard that is packed twice has the same
        # bytes. A result depends on files as well as on the command, so none is taken from an earlier run.
        futures = client.map(run, commands, retries=3, pure=False)
        for done, (_, result) in enumerate(as_completed(futures, with_results=True), start=1):
            verify(result)
            print(f"{done} of {args.shards} shards", flush=True)
        joined = [args.join, f"{args.folder}/", "--output", args.output, *args.join_option]
        verify(client.submit(run, joined, retries=3, pure=False).result())
        print(args.output)


# Workers of a local cluster import this file.
if __name__ == "__main__":
    main()
