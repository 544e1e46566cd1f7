"""What a template's parameters may not become: a program, or code of one."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.hashwarm.template_code import runs_as_code
from custom_components.hashwarm.template_programs import CODE_ONLY, INTERPRETERS, WRAPPERS

# One argument between bars.
REFUSED = """
gosu|nobody|{x}
su-exec|nobody|{x}
s6-setuidgid|nobody|{x}
s6-envdir|/etc/job|{x}
docker|exec|box|{x}
docker|run|image|{x}
podman|exec|box|{x}
podman|run|--rm|image|{x}
docker|run|{x}
apptainer|exec|image.sif|{x}
singularity|exec|image.sif|{x}
kubectl|exec|pod|--|{x}
lxc|exec|box|--|{x}
direnv|exec|/srv|{x}
perf|stat|{x}
perf|record|{x}
uv|tool|run|{x}
nix|shell|nixpkgs#hello|-c|{x}
bwrap|--bind|/|/|{x}
R|-e|{x}
R|-f|{x}
capsh|--|-c|{x}
ip|netns|exec|box|{x}
sg|users|-c|{x}
dc|-e|{x}
ssh-agent|{x}
fd|.|-x|{x}
pip|install|{x}
python3|-m|pip|install|{x}
python3|-mpip|install|{x}
python3|-m|timeit|{x}
python3|-m|runpy|{x}
python3.14|-m|pdb|{x}
python3|-m|torch.distributed.run|{x}
split|--filter={x}|data
sort|--compress-program={x}|data
git|-c|{x}|status
pytest|{x}
env|{x}
env|-S|{x}
env|-S|python3 -c|{x}
env|-Spython3 -c|{x}
env|A=b|{x}
env|PATH={x}|train
env|-i|-u|HOME|python3|-c|{x}
nice|{x}
nice|-n|10|{x}
nice|-10|{x}
timeout|5|{x}
timeout|{x}
timeout|-k|3|5s|{x}
timeout|-k3|5|sh|-c|{x}
xargs|{x}
xargs|-n|1|-I{}|{x}
sudo|{x}
sudo|-u|nobody|--|{x}
sudo|-n|sh|-c|{x}
sudo|-s|{x}
doas|{x}
doas|-u|nobody|{x}
su|-c|{x}
su|nobody|-c|{x}
su|-|{x}
runuser|-u|nobody|--|{x}
setsid|{x}
setsid|--wait|{x}
nohup|{x}
chroot|/srv|{x}
chroot|--userspec=1:1|/srv|sh|-c|{x}
chroot|{x}|train
unshare|-r|{x}
unshare|--mount-proc|sh|-c|{x}
ionice|-c|3|{x}
taskset|-c|0-3|{x}
taskset|0x3|{x}
stdbuf|-oL|{x}
stdbuf|-o|L|{x}
strace|-f|-o|log|{x}
watch|{x}
watch|-n|1|ls|{x}
flock|/tmp/lock|{x}
flock|/tmp/lock|-c|{x}
parallel|{x}
parallel|echo|:::|{x}
ssh|host|{x}
ssh|{x}
ssh|host|ls|{x}
find|.|-exec|{x}|;
find|.|-name|a|-exec|sh|-c|{x}|;
find|.|-ok|python3|{x}|;
Rscript|-e|{x}
Rscript|-e|1|-e|{x}
Rscript|{x}
julia|-e|{x}
julia|-E|{x}
julia|-L|a.jl|-e|{x}
julia|--eval={x}
perl|-e|{x}
perl|-E|{x}
perl|-ne|{x}
perl|-0777e|print|-e|{x}
perl|-x|{x}
perl|-M{x}|train.pl
perl|-w|-e|1|-e|{x}
ruby|-e|{x}
ruby|-r|set|-e|{x}
ruby|{x}
lua|-e|{x}
lua|-e|a=1|{x}
lua5.4|{x}
php|-r|{x}
php|-B|{x}
php|-d|a=b|-r|{x}
pwsh|-Command|{x}
pwsh|-c|{x}
pwsh|-EncodedCommand|{x}
pwsh|-NoProfile|-enc|{x}
powershell.exe|-File|{x}
tclsh|{x}
expect|-c|{x}
node|-e|{x}
node|-r|m|-e|{x}
node|--eval|{x}
node|--eval={x}
node|-p|{x}
node|-pe|{x}
node|--require|m|--print|{x}
node|{x}
deno|eval|{x}
deno|eval|-p|{x}
deno|run|{x}
python|-X|dev|-c|{x}
python|-Xdev|-W|ignore|-c|{x}
python|-c{x}
python|-c|import {x}
python|-Ic|{x}
python|-m|{x}
python3|{x}
python3|-u|{x}
python3|--check-hash-based-pycs|always|{x}
awk|{x}
awk|-F|,|{x}|file
awk|-v|a=b|{x}
awk|-f|{x}
gawk|-e|1|-e|{x}
sed|-e|{x}
sed|{x}|file
sed|-n|-f|{x}
sed|s/a/b/|file|-e|{x}
sed|--expression={x}
make|{x}
make|-f|{x}
make|A={x}
busybox|sh|-c|{x}
busybox|{x}
bash|--rcfile|x|-c|{x}
bash|-c|{x}
bash|-lc|{x}
bash|-c|-x|{x}
bash|-c|--|{x}
bash|-c|echo {x}
bash|-o|pipefail|-c|{x}
bash|+x|-c|{x}
bash|{x}
bash|--init-file|{x}|-i
sh|-s|{x}
sh|--|{x}
/usr/bin/python3.14|-c|{x}
/usr/bin/env|/usr/local/bin/python3.14|-c|{x}
/bin/bash|-c|{x}
./perl5.40.0|-e|{x}
/opt/node-22|-e|{x}
/usr/bin/ruby3.3|-e|{x}
/usr/bin/nice|-n|10|/usr/bin/setsid|timeout|5|{x}
nice|nice|nice|env|A=b|sh|-c|{x}
conda|run|-n|torch|python|-c|{x}
uv|run|{x}
uv|run|python|{x}
torchrun|--nproc_per_node=2|{x}
docker|run|{x}
docker|run|--rm|image|sh|-c|{x}
npx|{x}
tar|-x|-f|a.tar|--to-command={x}
tar|-x|-I|{x}
rsync|-e|{x}|a|b
some-wrapper|--quiet|sh|-c|{x}
some-wrapper|--|python3.14|-c|{x}
env|--of-tomorrow|A=b|train|{x}
env|--of-tomorrow|train|{x}
nice|-z|train|{x}
docker|build|-f|{x}
docker|run|--of-tomorrow|image|train|{x}
docker|run|--rm|--name|{x}|image|train
accelerate|config|--file|{x}
conda|install|{x}
uv|pip|install|{x}
python3|-W|ignore|-m|pip|install|{x}
python3|-Wignore|-mpip|install|{x}
python3|-um|timeit|{x}
python3|-m|{x}
python3|-m|unittest.main|{x}
python3|-m|torch.utils.bottleneck|{x}
python3|-m|mpi4py.run|{x}
python3|-m|train|{x}
npx|train|{x}
uvicorn|{x}
"""
ACCEPTED = """
train|--lr|{x}
train|--lr={x}
train|{x}
/opt/train|-c|{x}
python3|train.py|--lr|{x}
python3|-u|train.py|--lr={x}
python3|-X|dev|train.py|-c|{x}
python3|-m|train|--lr|{x}
python3|-c|import sys; print(sys.argv)|{x}
sh|train.sh|-c|{x}
sh|-c|echo "$1"|_|{x}
bash|-eu|train.sh|{x}
nice|-n|10|train|--lr|{x}
nice|-n|10|--|train|--lr|{x}
env|A=b|train|--lr|{x}
timeout|5h|train|--lr|{x}
timeout|-k|30|5h|python3|train.py|--lr|{x}
taskset|-c|0-3|train|--lr|{x}
flock|/tmp/lock|train|--lr|{x}
ionice|-c|3|nice|python3|train.py|{x}
torchrun|--standalone|--nproc_per_node=2|train.py|--lr|{x}
docker|run|--rm|image|train|--lr|{x}
docker|run|-it|--rm|-v|/data:/data|--gpus=all|image|train|--lr|{x}
env|-uHOME|-C|/srv|A=b|train|--lr|{x}
sudo|-n|-u|nobody|train|--lr|{x}
accelerate|launch|--multi_gpu|--num_processes|2|train.py|--lr|{x}
uv|run|--with|torch|train.py|--lr|{x}
python3|-Wignore|-m|train|--lr|{x}
python3|-W|ignore|-m|train|--lr={x}
python3|-c|print()|--lr={x}
Rscript|train.R|{x}
julia|train.jl|{x}
node|train.js|{x}
deno|run|-A|train.ts|{x}
perl|-w|train.pl|{x}
perl|-ne|print|{x}
sed|s/a/b/|{x}
sed|-n|-e|s/a/b/p|{x}
awk|-v|a={x}|{print a}|file
awk|-F|{x}|{print $1}|file
awk|{print $1}|{x}
find|{x}|-name|a
find|/data|-name|{x}|-exec|cat|{}|;
tar|-x|-f|{x}
rsync|-a|{x}|/data
ollama|run|{x}
train|--language|python|{x}
sed|-e|s/a/b/|--|{x}
sh|-c
nice
""" + "sh|" + "-x|" * 250 + "-x\n"  # fmt: skip


def commands(table: str) -> list[str]:
    return [line for line in table.splitlines() if line]


def is_open(command: str, *, options: bool = False) -> bool:
    return runs_as_code(command.split("|"), free={"x"}, options=options)


@pytest.mark.parametrize("command", commands(REFUSED))
def test_a_parameter_is_no_program_and_no_code(command: str):
    assert is_open(command)


@pytest.mark.parametrize("command", commands(ACCEPTED))
def test_a_parameter_that_is_data_may_be_filled_in(command: str):
    assert not is_open(command)


@pytest.mark.parametrize("program", sorted(WRAPPERS))
def test_every_wrapper_starts_no_program_of_anybody(program: str):
    wrapper = WRAPPERS[program]
    operands = [*sorted(wrapper.commands)[:1], *("a" * wrapper.operands)][: wrapper.operands]
    between = "".join(f"|{word}" for word in [*operands, *sorted(wrapper.behind)[:1]])
    assert is_open(f"/usr/bin/{program}{between}|{{x}}")
    assert is_open(f"{program}{between}|sh|-c|{{x}}")
    assert not is_open(f"{program}{between}|train|--lr|{{x}}")


@pytest.mark.parametrize("program", sorted(INTERPRETERS))
def test_every_interpreter_takes_no_code_of_anybody(program: str):
    known = INTERPRETERS[program]
    for option in (*(f"-{letter}" for letter in known.code), *known.long_code):
        assert is_open(f"{program}|{option}|{{x}}")
        assert is_open(f"nice|/usr/bin/{program}-3.14|{option}|{{x}}")
    assert is_open(f"{program}|{{x}}") == known.runs_operand
    assert not is_open(f"{program}|code|{{x}}")


@pytest.mark.parametrize("program", sorted(CODE_ONLY))
def test_where_every_argument_may_be_code_none_is_filled_in(program: str):
    assert is_open(f"/usr/bin/{program}|--some|thing|{{x}}")
    assert not is_open(f"{program}|thing")


@pytest.mark.parametrize(
    "command", ["python3|train.py|{x}", "sh|-c|echo|_|{x}", "find|{x}", "nice|train|{x}", "perl|-e|1|{x}"]
)
def test_a_value_that_may_be_an_option_is_none_of_an_interpreter(command: str):
    was_open = is_open(command)
    assert not was_open
    assert is_open(command, options=True) == command.startswith(("find", "perl"))


@pytest.mark.parametrize(
    "command", ["timeout|{n}|train|{x}", "nice|-n|{n}|train|{x}", "taskset|{n}|train", "sh|-c|{n}"]
)
def test_a_number_is_no_program(command: str):
    assert not runs_as_code(command.split("|"), free={"x"}, figures={"n"})


def test_what_the_administrator_wrote_may_be_code_and_still_be_no_program_behind_another():
    assert not runs_as_code(["sh", "-c", "{choice}"], free=())
    assert not runs_as_code(["python3", "{choice}", "--lr", "{x}"], free={"x"})
    assert runs_as_code(["nice", "{choice}", "-c", "{x}"], free={"x"})


PLAIN = st.from_regex(r"/opt/[a-z]{3,12}_train(\.bin)?", fullmatch=True)
OPTION = st.from_regex(r"--[a-z]{2,10}(=[a-z0-9.]{1,8})?", fullmatch=True)


@settings(deadline=None)
@given(PLAIN, st.lists(OPTION, max_size=5), st.sampled_from(["--lr|{x}", "--lr={x}", "{x}", "-c|{x}", "-e|{x}"]))
def test_a_program_of_its_own_takes_what_it_likes(program: str, options: list[str], filled: str):
    assert not is_open("|".join([program, *options, filled]))


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WRAPPERS, "-n", "-x", "--foo", "1", "A=b", "python3", "-c", "{x}"]), max_size=256))
def test_any_command_is_judged_in_a_moment(words: list[str]):
    runs_as_code(words, free={"x"})
