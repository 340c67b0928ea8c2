#!/usr/bin/env python3
"""Tests the recipes of this folder: each packs shards with real programs, loses a worker at a random moment, and must make
the archive that one `pack` makes, byte for byte.

    test_recipes.py target/debug/examples [NAME...]

The folder contains the programs pack and join, and the folder above it those of the package appsnap-cloud, for the tests with a
bucket. NAME is one of the tests. A test without its engine is reported as SKIPPED; with
APPSNAP_REQUIRE_TOOLS set it fails.
"""

import contextlib
import hashlib
import importlib.util
import logging
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHARDS = 6


class Skipped(Exception):
    pass


class App:
    """A files folder, the archive that one pack makes of it, and a folder of programs for workers."""

    def __init__(self, folder, programs):
        self.folder = folder
        self.programs = programs
        self.bucket = None
        self.seed = int(os.environ.get("APPSNAP_CLUSTER_SEED", time.time_ns() % 100_000))
        print(f"seed {self.seed} (APPSNAP_CLUSTER_SEED)", flush=True)
        self.random = random.Random(self.seed)
        for _ in range(400):
            name = uuid.UUID(bytes=self.random.randbytes(16), version=4)
            path = folder / "files" / str(name)[:2] / str(name)[2:4] / str(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.random.randbytes(self.random.choice([0, 100, 5000, 40_000])) + b"text " * 2000)
        self.pack = ["--files", str(folder / "files"), "--profile", "format", "--model-version", "1.2.3"]
        whole = folder / "whole.tar.gz"
        succeed([programs / "pack", *self.pack, "--output", whole, "--quiet", "--index"])
        self.expected = digest(whole)
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.running = folder / "running"
        self.running.mkdir()
        self.write_programs()

    def use_bucket(self, bucket):
        """Packs the same documents from a bucket, into it, where each key has a prefix and a suffix."""
        for path in (self.folder / "files").glob("*/*/*"):
            bucket.put(f"app/doc-{path.name}.bin", path.read_bytes())
        self.bucket, self.programs = bucket, self.programs.parent
        self.pack[1] = f"{bucket.url}/app"
        self.pack += ["--key-prefix", "doc-", "--key-suffix", ".bin"]
        self.write_programs()

    def write_programs(self):
        # A pack that takes its time, and says which process asked for it and which one it is.
        pack = f'echo "$PPID $$" >"{self.running}/$$"; sleep 0.4; exec "{self.programs}/pack" "$@"'
        self.write_program("pack", pack)
        self.write_program("join", f'exec "{self.programs}/join" "$@"')

    def write_program(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def environment(self, **more):
        return {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", **more}

    def fresh(self, name):
        """A folder for shards, and the archive to write."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        for path in self.running.iterdir():
            path.unlink()
        folder.mkdir()
        if self.bucket:
            return f"{self.bucket.url}/{name}/shards", f"{self.bucket.url}/{name}/backup.tar.gz"
        return folder / "shards", folder / "backup.tar.gz"

    def verify(self, output):
        if self.bucket:
            local = self.folder / "from-bucket.tar.gz"
            local.write_bytes(self.bucket.get(output.removeprefix(f"{self.bucket.url}/")))
            output = local
        assert digest(output) == self.expected, f"{output} differs from the archive of one pack"


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Killer(threading.Thread):
    """Kills one process: the parent of a random pack, or the pack itself."""

    def __init__(self, app, which):
        super().__init__(daemon=True)
        self.app, self.which, self.killed, self.is_over = app, which, None, False

    def run(self):
        victim = self.app.random.randrange(1, SHARDS)
        while not self.is_over:
            started = sorted(self.app.running.iterdir(), key=lambda path: path.stat().st_mtime)
            if len(started) >= victim and started[victim - 1].read_text().strip():
                parent, process = map(int, started[victim - 1].read_text().split())
                time.sleep(self.app.random.random() * 0.3)
                try:
                    os.kill(parent if self.which == "parent" else process, signal.SIGKILL)
                except ProcessLookupError:
                    victim += 1
                    continue
                self.killed = parent if self.which == "parent" else process
                return
            time.sleep(0.01)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.join()


def needs(module):
    if importlib.util.find_spec(module) is None:
        raise Skipped(f"the Python package {module} is not installed")


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **options)
    return done.returncode, done.stdout


def succeed(command, **options):
    code, text = run(command, **options)
    assert code == 0, text


def python_recipe(app, script, more):
    shards, output = app.fresh(script)
    arguments = ["--shards", str(SHARDS), "--folder", shards, "--output", output, *more]
    command = [sys.executable, HERE / script, *arguments, "--", "pack", *app.pack]
    with Killer(app, "parent") as killer:
        code, text = run(command, env=app.environment())
    assert code == 0, text
    assert killer.killed, "no worker was killed"
    assert f"{SHARDS} of {SHARDS} shards" in text, text
    # The killed one was packed again.
    assert len(list(app.running.iterdir())) > SHARDS, text
    app.verify(output)

    # Bad input is not tried again, and is said.
    shards, output = app.fresh(script)
    arguments = ["--shards", "2", "--folder", shards, "--output", output, *more]
    command = [sys.executable, HERE / script, *arguments, "--", "pack", "--files", app.folder / "bin"]
    code, text = run(command, env=app.environment())
    assert code != 0 and "no document was found" in text, text
    assert len(list(app.running.iterdir())) <= 2, text
    assert app.bucket or not output.exists(), text


def test_ray(app):
    needs("ray")
    # As many tasks at a time as there are processors: more than one, wherever this runs.
    python_recipe(app, "ray_pack.py", ["--cpus", "1"])


def test_dask(app):
    needs("distributed")
    python_recipe(app, "dask_pack.py", ["--workers", "2"])


def test_dask_with_bucket(app):
    needs("distributed")
    with Bucket() as bucket:
        app.use_bucket(bucket)
        python_recipe(app, "dask_pack.py", ["--workers", "2"])


class Bucket:
    """A bucket of an S3 server on this machine."""

    url = "s3://appsnap-cluster"

    def __enter__(self):
        needs("moto")
        import boto3
        from moto.server import ThreadedMotoServer

        # A line for every request hides everything else.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint,
            AWS_ALLOW_HTTP="true",
            AWS_REGION="us-east-1",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
        )
        self.client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        self.name = self.url.removeprefix("s3://")
        self.client.create_bucket(Bucket=self.name)
        return self

    def __exit__(self, *_):
        self.server.stop()

    def put(self, key, data):
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def get(self, key):
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()


def test_slurm(app):
    tools = ["slurmctld", "slurmd", "munged", "sbatch", "scontrol", "squeue"]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        raise Skipped(f"a Slurm cluster of this machine takes root and {', '.join(missing or tools)}")
    with SlurmCluster(app.folder) as cluster:
        shards, output = app.fresh("slurm")
        environment = app.environment(**cluster.environment, WAIT="1")
        command = [HERE / "slurm_pack.sh", str(SHARDS), shards, output, "pack", *app.pack]
        with Killer(app, "process") as killer, cluster.hurry():
            code, text = run(command, env=environment)
        logs = "".join(path.read_text() for path in sorted(shards.glob("*.log"))) + cluster.logs()
        assert code == 0, text + logs
        assert killer.killed, "no worker was killed"
        assert len(list(app.running.iterdir())) > SHARDS, text + logs
        app.verify(output)


class SlurmCluster:
    """A Slurm cluster of one node, with daemons and keys of its own."""

    def __init__(self, folder):
        self.folder = folder / "cluster"
        self.folder.mkdir()
        # munged insists on folders that no one else can write, also above.
        self.munge = Path(tempfile.mkdtemp(prefix="appsnap-munge-", dir="/run"))
        self.environment = {"SLURM_CONF": str(self.folder / "slurm.conf")}
        self.daemons = []

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        key = self.munge / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        name = subprocess.run(["hostname", "-s"], capture_output=True, text=True, check=True).stdout.strip()
        socket = self.munge / "socket"
        spool = self.folder / "spool"
        spool.mkdir()
        ports = random.sample(range(20_000, 30_000), 2)
        (self.folder / "slurm.conf").write_text(f"""
ClusterName=appsnap
SlurmctldHost={name}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={socket}
CryptoType=crypto/munge
CredType=cred/munge
SlurmUser=root
StateSaveLocation={self.folder}/state
SlurmdSpoolDir={spool}
SlurmctldPidFile={self.folder}/slurmctld.pid
SlurmdPidFile={self.folder}/slurmd.pid
SlurmctldLogFile={self.folder}/slurmctld.log
SlurmdLogFile={self.folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,sched_min_interval=0
MpiDefault=none
ReturnToService=2
MailProg=/bin/true
NodeName={name} NodeAddr=127.0.0.1 CPUs=4 Boards=1 SocketsPerBoard=4 CoresPerSocket=1 ThreadsPerCore=1 State=UNKNOWN
PartitionName=all Nodes={name} Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
SlurmdParameters=config_overrides
""")
        munged = ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={socket}"]
        munged += [f"--pid-file={self.munge}/pid", f"--log-file={self.munge}/log", f"--seed-file={self.munge}/seed"]
        self.start(munged)
        wait_for(socket.exists, "munged", self.logs)
        (self.folder / "state").mkdir()
        self.start(["slurmctld", "-D", "-i"])
        self.start(["slurmd", "-D", "-N", name])

        def is_idle():
            return "idle" in run(["sinfo", "-h", "-o", "%t"], env=self.variables())[1]

        wait_for(is_idle, "the node", self.logs)

    def variables(self):
        return {**os.environ, **self.environment}

    def start(self, command):
        log = open(self.folder / f"{command[0]}.out", "wb")
        daemon = subprocess.Popen(command, env=self.variables(), stdout=log, stderr=subprocess.STDOUT)
        self.daemons.append(daemon)

    @contextlib.contextmanager
    def hurry(self):
        """Starts soon what Slurm would start again after two minutes."""
        is_over = threading.Event()

        def start_waiting():
            waiting_since = {}
            while not is_over.wait(0.5):
                now = time.monotonic()
                waiting = run(["squeue", "-h", "-r", "-t", "PD", "-o", "%i %r"], env=self.variables())[1]
                for job in re.findall(r"(\S+) BeginTime", waiting):
                    # Slurm revokes the credentials of a job up to the second in which it was killed.
                    if now - waiting_since.setdefault(job, now) < 1.5:
                        continue
                    run(["scontrol", "update", f"JobId={job}", "StartTime=now"], env=self.variables())

        thread = threading.Thread(target=start_waiting, daemon=True)
        thread.start()
        yield
        is_over.set()
        thread.join()

    def logs(self):
        files = [*self.folder.glob("*.log"), *self.folder.glob("*.out"), *self.munge.glob("log")]
        return "".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}\n" for path in files)

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
        shutil.rmtree(self.munge, ignore_errors=True)


def wait_for(is_there, what, logs):
    end = time.monotonic() + 30
    while not is_there():
        assert time.monotonic() < end, f"{what} did not start:\n{logs()}"
        time.sleep(0.2)


def manifest(name):
    needs("yaml")
    import yaml

    return yaml.safe_load((HERE / name).read_text())


def container_command(container, folder):
    """The command of a container, with the volume at `folder`."""
    words = [*container["command"], *container["args"]]
    return [word.replace("/data/", f"{folder}/").replace(f"{folder}/mx.dump", f"{folder}/no-dump") for word in words]


def attempts(limit, command, **options):
    """Runs a command as an engine does that starts it again, and loses the first one to a signal."""
    for attempt in range(limit + 1):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet, **options)
        if attempt == 0:
            time.sleep(0.2)
            os.killpg(process.pid, signal.SIGKILL)
        if process.wait(60) == 0:
            return
    raise AssertionError(f"{command} failed {limit + 1} times")


def volume(app, name):
    """A folder as the manifests expect it."""
    app.fresh(name)
    folder = app.folder / name
    (folder / "files").symlink_to(app.folder / "files")
    return folder


def pack_of_manifest(app):
    # The manifests name a dump, and the options of the test are others.
    options = " ".join(app.pack[2:])
    app.write_program("pack", f"""
words=()
while [ "$#" -gt 0 ]; do
    if [ "$1" = --database ]; then shift; else words+=("$1"); fi
    shift
done
sleep 0.4; exec "{app.programs}/pack" "${{words[@]}}" {options}""")


def test_kubernetes(app):
    pack, join = manifest("kubernetes-pack.yaml"), manifest("kubernetes-join.yaml")
    needs("kubernetes_validate")
    import kubernetes_validate

    for job in (pack, join):
        kubernetes_validate.validate(job, "1.29", strict=True)
    spec = pack["spec"]
    container = spec["template"]["spec"]["containers"][0]
    variables = {variable["name"]: variable["value"] for variable in container["env"]}
    assert spec["completionMode"] == "Indexed" and int(variables["SHARDS"]) == spec["completions"]
    assert spec["backoffLimitPerIndex"] > 0 and spec["template"]["spec"]["restartPolicy"] == "Never"

    # What the nodes would run.
    folder = volume(app, "kubernetes")
    pack_of_manifest(app)
    command = container_command(container, folder)
    killed = app.random.randrange(SHARDS)
    for index in range(SHARDS):
        environment = app.environment(JOB_COMPLETION_INDEX=str(index), SHARDS=str(SHARDS))
        if index == killed:
            attempts(spec["backoffLimitPerIndex"], command, env=environment)
        else:
            succeed(command, env=environment)
    succeed(container_command(join["spec"]["template"]["spec"]["containers"][0], folder), env=app.environment())
    app.verify(folder / "backup.tar.gz")


def test_argo(app):
    workflow = manifest("argo.yaml")
    needs("hera")
    from hera.workflows.models import Workflow

    # The models leave out what they do not know: everything must be left.
    known = Workflow.model_validate(workflow).model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert set(keys(workflow)) == set(keys(known)), set(keys(workflow)) ^ set(keys(known))
    templates = {template["name"]: template for template in workflow["spec"]["templates"]}
    steps = templates[workflow["spec"]["entrypoint"]]["steps"]
    assert [step["template"] for group in steps for step in group] == ["pack", "join"] and len(steps) == 2
    sequence = steps[0][0]["withSequence"]
    assert (sequence["start"], sequence["end"]) == ("1", "{{workflow.parameters.shards}}")

    folder = volume(app, "argo")
    pack_of_manifest(app)
    values = {"workflow.parameters.shards": str(SHARDS)}
    killed = app.random.randrange(1, SHARDS + 1)
    for item in range(1, SHARDS + 1):
        values["item"] = str(item)
        for parameter in steps[0][0]["arguments"]["parameters"]:
            values[f"inputs.parameters.{parameter['name']}"] = filled(parameter["value"], values)
        command = [filled(word, values) for word in container_command(templates["pack"]["container"], folder)]
        if item == killed:
            attempts(int(templates["pack"]["retryStrategy"]["limit"]), command, env=app.environment())
        else:
            succeed(command, env=app.environment())
    succeed(container_command(templates["join"]["container"], folder), env=app.environment())
    app.verify(folder / "backup.tar.gz")


def keys(value, path=""):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}"
            yield from keys(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, path)


def filled(text, values):
    return re.sub(r"\{\{(.*?)\}\}", lambda match: values[match.group(1)], text)


TESTS = [test_ray, test_dask, test_dask_with_bucket, test_slurm, test_kubernetes, test_argo]


def main():
    programs = Path(sys.argv[1]).resolve()
    wanted = sys.argv[2:]
    passed = failed = skipped = 0
    for test in TESTS:
        name = test.__name__.removeprefix("test_")
        if wanted and name not in wanted:
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="appsnap-cluster-") as folder:
            try:
                test(App(Path(folder), programs))
                passed += 1
                print(f"{name} ... ok ({time.monotonic() - started:.0f} s)", flush=True)
            except Skipped as reason:
                if os.environ.get("APPSNAP_REQUIRE_TOOLS"):
                    failed += 1
                    print(f"{name} ... FAILED: {reason}", flush=True)
                else:
                    skipped += 1
                    print(f"SKIPPED: {name}: {reason}", flush=True)
            except Exception as error:
                failed += 1
                print(f"{name} ... FAILED: {error!r}\n{error}", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
