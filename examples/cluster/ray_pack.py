#!/usr/bin/env python3
"""Packs a snapshot on a Ray cluster: one task for each shard, and one that joins them.

    ray_pack.py --shards 16 --folder shards --output backup.tar.gz -- \\
        pack --database mx.dump --files /srv/app/data/files

After `--` comes the command that would pack everything on one machine, without `--output`. Files, folder and output must be on
storage that all machines of the cluster reach under the same name. Without --address, a cluster of this machine is started and
ended. The dashboard that Ray prints shows every task.
"""

import argparse
import subprocess

import ray

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--address", help="the cluster, for example auto or ray://head:10001")
parser.add_argument("--shards", type=int, required=True, help="parts to divide the work into: some for each machine")
parser.add_argument("--folder", required=True, help="where the shards are kept, a folder or a URL")
parser.add_argument("--output", required=True, help="the snapshot to write, a file or a URL")
parser.add_argument("--join", default="join", help="the program that joins")
parser.add_argument("--join-option", action="append", default=[], help="such as --join-option=--no-index")
parser.add_argument("--cpus", type=int, default=1, help="processors for each task")
parser.add_argument("command", nargs="+", help="the pack command")
args = parser.parse_args()


class Interrupted(Exception):
    """The command was killed, or the system failed: another try may succeed."""


def run(command):
    # Progress bars of many machines in one log help no one.
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    # 1: the input is bad, now and at every other try. 2 and signals: the machine's fault.
    if done.returncode not in (0, 1):
        raise Interrupted(f"{command[0]} ended with {done.returncode}: {done.stderr}")
    return done.returncode, done.stderr


# Ray starts a task again if its worker dies, and if the command was interrupted. A shard that is packed twice has the same bytes.
@ray.remote(num_cpus=args.cpus, max_retries=3, retry_exceptions=[Interrupted])
def pack(number):
    return run([*args.command, "--shard", f"{number}/{args.shards}", "--output", f"{args.folder}/"])


@ray.remote(num_cpus=args.cpus, max_retries=3, retry_exceptions=[Interrupted])
def join():
    return run([args.join, f"{args.folder}/", "--output", args.output, *args.join_option])


def verify(result):
    code, messages = result
    if code != 0:
        raise SystemExit(messages)


ray.init(address=args.address)
waiting = [pack.remote(number) for number in range(1, args.shards + 1)]
while waiting:
    finished, waiting = ray.wait(waiting)
    for result in ray.get(finished):
        verify(result)
    print(f"{args.shards - len(waiting)} of {args.shards} shards", flush=True)
verify(ray.get(join.remote()))
print(args.output)
