"""A Slurm of one node on loopback: munged, slurmctld and slurmd in a folder of their own, each ended by its own id."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

# The defaults want control groups, a database and users that a machine for tests need not have.
CONF = """\
ClusterName=berg
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SchedulerParameters=sched_interval=1
MpiDefault=none
MailProg=/bin/true
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Slurm:
    def __init__(self, processors=2):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="berg-slurm-", dir="/tmp"))  # a socket's path is short
        self.processes = []
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
        (self.folder / "slurm.conf").write_text(CONF.format(
            host=socket.gethostname().split(".")[0], ports=free_ports(2), folder=self.folder, processors=processors,
            memory=memory * 9 // 10, user=pathlib.Path("/proc/self").owner()))
        # what Slurm sets of an outer job is not this one's
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))}
        self.environment["SLURM_CONF"] = str(self.folder / "slurm.conf")
        try:
            self.start("munged", "--foreground", "--force", "--key-file", key, "--socket", self.folder / "munge.socket",
                       "--pid-file", self.folder / "munged.pid", "--log-file", self.folder / "munged.log",
                       "--seed-file", self.folder / "munged.seed")
            self.wait(lambda: (self.folder / "munge.socket").exists(), "munged")
            self.start("slurmctld", "-D", "-c")
            self.start("slurmd", "-D", "-c")
            self.wait(lambda: "idle" in self.run("sinfo", "-h", "-o", "%T", check=False), "slurmd")
        except BaseException:
            self.end()
            raise

    def start(self, name, *arguments):
        program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        assert program, f"{name} is not installed: make deps-cluster"
        with open(self.folder / f"{name}.out", "w") as out:
            self.processes.append(subprocess.Popen([program, *map(str, arguments)], env=self.environment, stdout=out,
                                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL))

    def wait(self, condition, what, seconds=60):
        for _ in range(seconds * 10):
            if condition():
                return
            dead = [process.args[0] for process in self.processes if process.poll() is not None]
            if dead:
                break
            time.sleep(0.1)
        logs = "\n".join(path.read_text()[-2000:] for path in [*self.folder.glob("*.log"), *self.folder.glob("*.out")])
        raise RuntimeError(f"{what} does not answer:\n{logs}")

    def run(self, *command, check=True, environment=None, **more):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment or self.environment,
                              **more)
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def submit(self, *options, **more):
        """sbatch; the id of the job."""
        return self.run("sbatch", "--parsable", *options, **more).strip().split(";")[0]

    def states(self, job):
        """Of each task of the job, or of the job: its index, state, reason and exit status."""
        found = {}
        for line in self.run("scontrol", "-o", "show", "job", job).splitlines():
            fields = dict(field.split("=", 1) for field in line.split() if "=" in field)
            found[fields.get("ArrayTaskId", "")] = (fields["JobState"], fields.get("Reason"), int(fields["ExitCode"].split(":")[0]))
        return found

    def finish(self, *jobs, seconds=600):
        """Waits until all have ended; {index: exit status} of the last."""
        live = {"PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "REQUEUED"}
        self.wait(lambda: not any(state in live for job in jobs for state, _, _ in self.states(job).values()), f"job {jobs}", seconds)
        return {index: status for index, (_, _, status) in self.states(jobs[-1]).items()}

    def end(self):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
