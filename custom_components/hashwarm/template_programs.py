"""What programs do with their arguments, as data: which take another program, and which take code.

It cannot be complete, and nobody may rely on it alone: the administrator who writes a template answers for it.
"""

from dataclasses import dataclass
import re

_VERSION = re.compile(r"[-_.]?\d.*$")


@dataclass(frozen=True, kw_only=True)
class Wrapper:
    """A program that starts the one named after its options and so many operands.

    Behind an option that is told here as neither flag nor value nobody knows where that program stands.
    """

    operands: int = 0
    flags: frozenset[str] = frozenset()
    """Options that take no value, or only one behind `=`."""
    values: frozenset[str] = frozenset()
    """Options that take exactly one value, behind them or attached."""
    commands: frozenset[str] = frozenset()
    """The first operand is one of these, or something else happens."""
    behind: frozenset[str] = frozenset()
    """The program stands behind one of these options only, anywhere."""


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A program whose first operand is a file of code, and some of whose options take code."""

    code: str = ""
    """Letters of the options that take code, or the name of some."""
    long_code: frozenset[str] = frozenset()
    flags: str = ""
    """Letters of the options that take no value."""
    long_flags: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()
    """Options whose value is never code."""
    runs_operand: bool = True
    """Without code in an option the first operand is code, or a file of it."""
    options_follow: bool = False
    """Options are taken behind operands too."""
    file_follows: bool = False
    """After code in an option the first operand is a file of code all the same."""
    runs_modules: bool = False
    """`-m` runs a module and, as behind code, no option of its own follows: so does Python."""


def program_name(word: str) -> str:
    """Return a program without folder, suffix and case; `/usr/bin/Python3.EXE` is `python3`."""
    return re.split(r"[/\\]", word)[-1].casefold().removesuffix(".exe")


def wrapper_of(word: str) -> Wrapper | None:
    """Return what a program starts, None where it is not known to start any."""
    name = program_name(word)
    return WRAPPERS.get(name) or WRAPPERS.get(_VERSION.sub("", name))


def interpreter_of(word: str) -> Interpreter | None:
    """Return which arguments a program takes for code, None where it is not known to take any; versions are alike."""
    name = program_name(word)
    return INTERPRETERS.get(name) or INTERPRETERS.get(_VERSION.sub("", name))


def takes_only_code(word: str) -> bool:
    """Return whether any argument of a program may become code."""
    name = program_name(word)
    return not CODE_ONLY.isdisjoint({name, _VERSION.sub("", name)})


def takes_code_as_module(module: str) -> bool:
    """Return whether a module of Python, or what it is part of, takes code for an argument."""
    parts = module.split(".")
    return not CODE_MODULES.isdisjoint(".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _of(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SHELL = Interpreter(
    code="c", flags="abefhiklmnprstuvxBCEHPTDV", long_flags=_of("--login --noprofile --norc --posix --restricted")
)
_AWK = Interpreter(code="fe", long_code=_of("--file --source --exec"), data=_of("-v -F --assign --field-separator"))
_SED = Interpreter(
    code="fe",
    long_code=_of("--expression --file"),
    flags="nEersuz",
    long_flags=_of("--quiet --silent --regexp-extended --null-data --separate --debug --posix --sandbox"),
    options_follow=True,
)
_NODE = Interpreter(
    code="ep",
    long_code=_of("--eval --print"),
    flags="chiv",
    long_flags=_of("--check --interactive --inspect --enable-source-maps --no-warnings --trace-warnings"),
)
_PLAIN = Interpreter(code="ce", long_code=_of("--eval --execute --command"), file_follows=True)

INTERPRETERS: dict[str, Interpreter] = {
    **dict.fromkeys(_of("sh bash rbash dash ash zsh ksh mksh pdksh csh tcsh fish yash elvish nu xonsh rc es"), _SHELL),
    **dict.fromkeys(
        _of("python pythonw pypy jython micropython ipython graalpy python-dbg"),
        Interpreter(code="cm", flags="bBdEhiIOPqRsSuvVx", runs_modules=True),
    ),
    "perl": Interpreter(code="eE", flags="acfhlnpsStTuUvVwWX0"),
    "ruby": Interpreter(code="e", flags="acdhlnpsSvwyU"),
    "lua": Interpreter(code="e", flags="ivEW", file_follows=True),
    "luajit": Interpreter(code="e", flags="ivE", file_follows=True),
    "php": Interpreter(code="rBREfF", long_code=_of("--run --process-begin --process-code --process-end --file")),
    "node": _NODE,
    "nodejs": _NODE,
    "rscript": Interpreter(code="e", long_flags=_of("--vanilla --verbose --no-save --no-environ --no-init-file")),
    "julia": Interpreter(code="eELp", long_code=_of("--eval --print --load"), flags="iqhv", file_follows=True),
    "octave": Interpreter(long_code=_of("--eval"), options_follow=True, file_follows=True),
    **dict.fromkeys(_of("awk gawk mawk nawk original-awk"), _AWK),
    **dict.fromkeys(_of("sed gsed ssed"), _SED),
    **dict.fromkeys(_of("tclsh wish expect groovy scala elixir ts-node tsx qjs raku crystal runghc ocaml nim"), _PLAIN),
    "tar": Interpreter(
        code="IF",
        long_code=_of("--to-command --checkpoint-action --use-compress-program --rsh-command --info-script"),
        runs_operand=False,
        options_follow=True,
    ),
    "r": Interpreter(code="ef", long_code=_of("--file"), runs_operand=False, options_follow=True),
    "sort": Interpreter(long_code=_of("--compress-program"), runs_operand=False, options_follow=True),
    "split": Interpreter(long_code=_of("--filter"), runs_operand=False, options_follow=True),
    "rsync": Interpreter(
        code="e", long_code=_of("--rsh --rsync-path"), runs_operand=False, options_follow=True
    ),
}  # fmt: skip

CODE_MODULES = _of(
    "pip ensurepip venv virtualenv zipapp timeit runpy pdb bdb cProfile profile trace code codeop unittest doctest"
    " pytest py.test nose tox nox IPython ipykernel jupyter nbconvert papermill notebook jupyterlab"
    " torch.distributed.run torch.distributed.launch torch.utils.bottleneck accelerate deepspeed horovod debugpy"
    " coverage asyncio sqlite3 site idlelib pydoc compileall py_compile pipx uv poetry conda ray streamlit flask"
    " uvicorn gunicorn celery invoke fabric memray pyinstrument line_profiler kernprof scalene viztracer mpi4py"
    " concurrent multiprocessing build setuptools ptpython bpython xonsh hy"
)
"""Modules of Python that take code, or what holds it, for an argument."""

_DOCKER = Wrapper(
    operands=2,
    commands=_of("run exec"),
    flags=_of("--rm -i -t -d --init --read-only --interactive --tty --detach --privileged"),
    values=_of(
        "-e --env --env-file -v --volume --mount -u --user -w --workdir --name --gpus --device --network --net --ipc"
        " --shm-size -m --memory --cpus --cpuset-cpus -h --hostname -p --publish -l --label --ulimit --runtime --pull"
        " --platform --restart --group-add --cap-add --cap-drop --security-opt --tmpfs --context"
    ),
)
_CONDA = Wrapper(
    operands=1,
    commands=_of("run"),
    flags=_of("--no-capture-output --live-stream -v --verbose"),
    values=_of("-n --name -p --prefix --cwd"),
)
_UV = _of(
    "--with --with-editable --with-requirements --from -p --python --project --directory --env-file --extra --group"
    " --index --index-url --cache-dir"
)
_TORCHRUN = _of(
    "nproc nnodes node_rank nproc_per_node master_addr master_port max_restarts monitor_interval rdzv_id"
    " rdzv_backend rdzv_endpoint rdzv_conf role log_dir redirects tee local_addr start_method"
)
_ACCELERATE = _of(
    "num_processes num_machines num_cpu_threads_per_process mixed_precision config_file gpu_ids machine_rank"
    " main_process_ip main_process_port dynamo_backend deepspeed_config_file"
)

WRAPPERS: dict[str, Wrapper] = {
    "find": Wrapper(behind=_of("-exec -execdir -ok -okdir")),
    "env": Wrapper(
        flags=_of("-i - --ignore-environment -v --debug"),
        values=_of("-u --unset -C --chdir"),
    ),
    "sudo": Wrapper(
        flags=_of("-A -b -E -H -k -n -P -S --non-interactive --preserve-env --set-home"),
        values=_of("-u --user -g --group -p --prompt -D --chdir -T --command-timeout"),
    ),
    "doas": Wrapper(flags=_of("-n"), values=_of("-u")),
    "timeout": Wrapper(
        operands=1,
        flags=_of("--foreground --preserve-status -v --verbose"),
        values=_of("-k --kill-after -s --signal"),
    ),
    "xargs": Wrapper(
        flags=_of("-0 --null -r --no-run-if-empty -t --verbose -p -x --exit -o"),
        values=_of("-n --max-args -L -P --max-procs -I -s --max-chars -d --delimiter -a --arg-file"),
    ),
    "setsid": Wrapper(flags=_of("-c --ctty -f --fork -w --wait")),
    "chroot": Wrapper(operands=1, flags=_of("--skip-chdir"), values=_of("--userspec --groups")),
    "flock": Wrapper(
        operands=1,
        flags=_of("-n --nb --nonblock -s --shared -x -e --exclusive -o --close -F --no-fork"),
        values=_of("-w --wait --timeout -E --conflict-exit-code"),
    ),
    "unshare": Wrapper(
        flags=_of(
            "-m -u -i -n -p -U -C -T -f -r -c --fork --net --pid --mount --user --ipc --uts --map-root-user"
            " --map-current-user --mount-proc --kill-child"
        ),
        values=_of("-R --root -w --wd -S --setuid -G --setgid"),
    ),
    "nsenter": Wrapper(
        flags=_of("-a -m -u -i -n -p -U -C -T -F --all --mount --uts --ipc --net --pid --user --no-fork"),
        values=_of("-t --target"),
    ),
    "taskset": Wrapper(operands=1, flags=_of("-a --all-tasks -c --cpu-list")),
    "chrt": Wrapper(operands=1, flags=_of("-a -b -d -f -i -o -r -R -v --batch --fifo --idle --other --rr")),
    "numactl": Wrapper(
        flags=_of("-l --localalloc"),
        values=_of("-N --cpunodebind -m --membind -C --physcpubind -i --interleave -p --preferred"),
    ),
    "time": Wrapper(
        flags=_of("-p -v -a -q --portability --verbose --quiet --append"), values=_of("-f --format -o --output")
    ),
    "strace": Wrapper(
        flags=_of("-f -ff -c -C -q -qq -t -tt -T -v -y -yy --follow-forks"), values=_of("-o --output -e -s -u -a")
    ),
    "ltrace": Wrapper(flags=_of("-f -c -C -S -t -T"), values=_of("-o --output -e -s -u -a")),
    "setpriv": Wrapper(
        flags=_of("--no-new-privs --clear-groups --init-groups --keep-groups --reset-env"),
        values=_of("--reuid --regid --groups --ruid --euid --rgid --egid --inh-caps --bounding-set --pdeathsig"),
    ),
    "systemd-run": Wrapper(
        flags=_of("--user --system --scope --wait --pipe --pty --collect --quiet -G -P -t -q -d -r --no-block"),
        values=_of("-p --property -u --unit --uid --gid --nice --slice -E --setenv --working-directory --description"),
    ),
    "nice": Wrapper(values=_of("-n --adjustment")),
    "nohup": Wrapper(),
    "ionice": Wrapper(flags=_of("-t --ignore"), values=_of("-c --class -n --classdata")),
    "stdbuf": Wrapper(values=_of("-i --input -o --output -e --error")),
    "busybox": Wrapper(),
    "toybox": Wrapper(),
    "tini": Wrapper(flags=_of("-s -g -v -w"), values=_of("-p -e")),
    "dumb-init": Wrapper(flags=_of("-c --single-child -v --verbose"), values=_of("-r --rewrite")),
    "eatmydata": Wrapper(),
    "fakeroot": Wrapper(),
    "torsocks": Wrapper(),
    "torify": Wrapper(),
    "proxychains": Wrapper(flags=_of("-q"), values=_of("-f")),
    "unbuffer": Wrapper(flags=_of("-p")),
    "pkexec": Wrapper(flags=_of("--disable-internal-agent --keep-cwd"), values=_of("--user")),
    "prlimit": Wrapper(values=_of("--as --core --cpu --data --fsize --memlock --nofile --nproc --rss --stack")),
    "xvfb-run": Wrapper(
        flags=_of("-a --auto-servernum"), values=_of("-n --server-num -s --server-args -e --error-file")
    ),
    "dbus-run-session": Wrapper(values=_of("--config-file --dbus-daemon")),
    "cgexec": Wrapper(flags=_of("--sticky"), values=_of("-g")),
    "cpulimit": Wrapper(flags=_of("-f -i -q -v -z"), values=_of("-l --limit")),
    "choom": Wrapper(values=_of("-n --adjust")),
    "uclampset": Wrapper(flags=_of("-R -v"), values=_of("-m -M")),
    "chpst": Wrapper(values=_of("-u -U -e -d -o -p -f -c -r -t -m -n -l -L")),
    "caffeinate": Wrapper(flags=_of("-d -i -m -s -u"), values=_of("-t")),
    **dict.fromkeys(_of("optirun primusrun linux64 linux32"), Wrapper()),
    **dict.fromkeys(_of("gosu su-exec s6-setuidgid s6-envdir"), Wrapper(operands=1)),
    **dict.fromkeys(_of("docker podman nerdctl"), _DOCKER),
    **dict.fromkeys(_of("conda mamba micromamba"), _CONDA),
    "torchrun": Wrapper(
        flags=_of("--standalone --no-python --no_python"),
        values=frozenset(option for name in _TORCHRUN for option in (f"--{name}", f"--{name.replace('_', '-')}")),
    ),
    "accelerate": Wrapper(
        operands=1,
        commands=_of("launch"),
        flags=_of("-q --quiet --cpu --multi_gpu --multi-gpu --use_deepspeed --use_fsdp --no_python"),
        values=frozenset(f"--{name}" for name in _ACCELERATE),
    ),
    "deepspeed": Wrapper(
        flags=_of("--no_local_rank --no_python"),
        values=_of("--num_gpus --num_nodes --hostfile -i --include -e --exclude --master_port --master_addr"),
    ),
    "uv": Wrapper(
        operands=1,
        commands=_of("run"),
        flags=_of("--frozen --locked --no-sync --isolated --offline --no-project --no-dev --all-extras -q --quiet"),
        values=_UV,
    ),
    "uvx": Wrapper(flags=_of("--isolated --offline -q --quiet"), values=_UV),
    "poetry": Wrapper(operands=1, commands=_of("run"), flags=_of("-q --quiet -n --no-interaction")),
    "pipenv": Wrapper(operands=1, commands=_of("run")),
    "bundle": Wrapper(operands=1, commands=_of("exec")),
    "deno": Wrapper(
        operands=1,
        commands=_of("run"),
        flags=_of(
            "-A --allow-all --allow-net --allow-read --allow-write --allow-env --allow-run --no-check -q --quiet"
        ),
    ),
    "java": Wrapper(flags=_of("-jar -server"), values=_of("-cp -classpath --class-path -X -D")),
}

CODE_ONLY = _of(
    "su runuser script ssh rsh slogin dbclient autossh mosh sshpass pdsh clush watch parallel eval source ."
    " pwsh powershell cmd make gmake bmake nmake ninja just task rake scons invoke doit at batch crontab cron"
    " gdb lldb vi vim nvim ex ed view vimdiff rvim m4 sqlite sqlite3 psql mysql mariadb tmux screen xterm"
    " emacs guile racket sbcl clisp ecl scheme chez clojure clj erl iex swipl gnuplot jshell matlab kotlin osascript"
    " apptainer singularity kubectl lxc incus nix nix-shell direnv perf bwrap capsh ip sg dc bc"
    " ssh-agent fd fdfind pip pipx pytest py.test git hg svn"
    " cscript wscript ansible ansible-playbook salt ld.so ld-linux ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 ld-musl"
    # Wrappers of which nobody can tell where the program stands, that start more than one, or ask a shell to.
    " exec command builtin catchsegv valgrind heaptrack softlimit setarch i386 x86_64 fakechroot firejail proot"
    " start-stop-daemon daemonize rlwrap socat horovodrun srun salloc sbatch mpirun mpiexec orterun bats faketime"
    " coresched not timelimit retry entr nodemon wine wine64 box64 box86 qemu-x86_64 qemu-aarch64 runcon setuidgid"
    " envdir systemd-nspawn machinectl nvidia-docker docker-compose podman-compose crun runc ctr crictl distrobox"
    " toolbox flatpak snap schroot newgrp run-parts inotifywait watchexec hyperfine multitime"
    " npx bunx bun pdm hatch rye pixi yarn pnpm npm cargo go dotnet"
    # Tools that take programs or scripts for data.
    " jupyter papermill nextflow snakemake blender sage irb ghc hy bpython ptpython maxima gp tcc streamlit uvicorn"
    " gunicorn celery flask ray nmap tcpdump man logrotate scp sftp zip curl openssl systemctl apt apt-get dpkg dnf"
    " yum apk rpm exiftool less more bash-static busybox.static sh.distrib"
)
