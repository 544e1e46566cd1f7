"""What programs do with their arguments, as data: which take another program, and which take code.

It cannot be complete, and nobody may rely on it alone: the administrator who writes a template answers for it.
"""

from dataclasses import dataclass
import re

_VERSION = re.compile(r"[-_.]?\d.*$")


@dataclass(frozen=True, kw_only=True)
class Wrapper:
    """A program that starts the one named after its options and so many operands."""

    operands: int = 0
    flags: frozenset[str] = frozenset()
    """Options that take no value; of any other nobody knows, and both is reckoned with."""
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
        Interpreter(code="cm", flags="bBdEhiIOPqRsSuvVx"),
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
    "pip ensurepip venv zipapp timeit runpy pdb bdb cProfile profile trace code codeop unittest doctest pytest nose tox"
    " IPython ipykernel jupyter torch.distributed.run torch.distributed.launch accelerate.commands.launch debugpy"
    " coverage asyncio sqlite3 site idlelib"
)
"""Modules of Python that take code, or what holds it, for an argument."""

WRAPPERS: dict[str, Wrapper] = {
    "find": Wrapper(behind=_of("-exec -execdir -ok -okdir")),
    "env": Wrapper(flags=_of("-i - --ignore-environment -0 --null -v --debug")),
    "sudo": Wrapper(flags=_of("-A -b -E -H -k -K -n -P -S -v --non-interactive --preserve-env --set-home")),
    "doas": Wrapper(flags=_of("-n -L")),
    "timeout": Wrapper(operands=1, flags=_of("--foreground --preserve-status -v --verbose")),
    "xargs": Wrapper(flags=_of("-0 --null -r --no-run-if-empty -t --verbose -p -x --exit -o")),
    "setsid": Wrapper(flags=_of("-c --ctty -f --fork -w --wait")),
    "chroot": Wrapper(operands=1),
    "flock": Wrapper(operands=1, flags=_of("-n --nb -s --shared -x -e --exclusive -o --close -u --unlock -F")),
    "unshare": Wrapper(flags=_of("-m -u -i -n -p -U -C -T -f -r --fork --net --pid --mount --user --map-root-user")),
    "taskset": Wrapper(operands=1, flags=_of("-a --all-tasks -c --cpu-list")),
    "chrt": Wrapper(operands=1, flags=_of("-a -b -d -f -i -o -r -v --batch --fifo --idle --other --rr")),
    "numactl": Wrapper(flags=_of("-l --localalloc")),
    "time": Wrapper(flags=_of("-p -v -a -q --portability --verbose --quiet --append")),
    "strace": Wrapper(flags=_of("-f -ff -c -C -q -qq -t -tt -T -v -y -yy --follow-forks")),
    "setpriv": Wrapper(flags=_of("--no-new-privs --clear-groups --init-groups --keep-groups --reset-env")),
    "systemd-run": Wrapper(
        flags=_of("--user --system --scope --wait --pipe --pty --collect --quiet -G -P -t -q -d -r")
    ),
    "torchrun": Wrapper(flags=_of("--standalone -m --no-python --no_python")),
    "java": Wrapper(flags=_of("-jar -server")),
    **dict.fromkeys(_of("mpirun mpiexec"), Wrapper(flags=_of("--allow-run-as-root --oversubscribe --bind-to-none"))),
    # What to do, and the image or the container to do it in.
    **dict.fromkeys(
        _of("docker podman nerdctl"),
        Wrapper(operands=2, flags=_of("--rm -i -t -it -d --init --read-only --interactive --tty --detach")),
    ),
    **dict.fromkeys(_of("gosu su-exec s6-setuidgid s6-envdir"), Wrapper(operands=1)),
    # What other wrappers have for a command of theirs starts the next in turn.
    **dict.fromkeys(_of("run exec tool x dlx shell"), Wrapper()),
    **dict.fromkeys(
        _of("deno bun"), Wrapper(operands=1, flags=_of("-A --allow-all --allow-net --allow-read --no-check"))
    ),
    **dict.fromkeys(
        _of(
            "nice nohup ionice stdbuf exec command builtin busybox toybox nsenter catchsegv ltrace valgrind"
            " heaptrack prlimit softlimit setarch linux64 linux32 i386 x86_64 eatmydata fakeroot fakechroot firejail"
            " proot torsocks torify proxychains proxychains4 unbuffer pkexec chpst"
            " tini dumb-init dbus-run-session xvfb-run cgexec caffeinate start-stop-daemon daemonize"
            " rlwrap socat cpulimit horovodrun srun salloc optirun primusrun npx bunx uvx"
            " bats faketime choom uclampset coresched not timelimit retry entr nodemon wine box64 qemu-x86_64"
        ),
        Wrapper(),
    ),
    **dict.fromkeys(
        _of(
            "accelerate deepspeed uv poetry pipenv pdm hatch rye conda mamba micromamba pixi bundle yarn pnpm npm cargo"
            " go dotnet"
        ),
        Wrapper(operands=1),
    ),
}

CODE_ONLY = _of(
    "su runuser script ssh rsh slogin dbclient autossh mosh sshpass pdsh clush watch parallel eval source ."
    " pwsh powershell cmd make gmake bmake nmake ninja just task rake scons invoke doit at batch crontab cron"
    " gdb lldb vi vim nvim ex ed view vimdiff rvim m4 sqlite sqlite3 psql mysql mariadb tmux screen xterm"
    " emacs guile racket sbcl clisp ecl scheme chez clojure clj erl iex swipl gnuplot jshell matlab kotlin osascript"
    " apptainer singularity kubectl lxc incus nix nix-shell direnv perf bwrap capsh ip sg dc bc"
    " ssh-agent fd fdfind pip pipx pytest py.test git hg svn"
    " cscript wscript ansible ansible-playbook salt ld.so ld-linux ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 ld-musl"
)
