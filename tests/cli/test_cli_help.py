"""Help and version: what a user sees first, and that program, man page and completion agree."""
import pathlib
import re
import shlex
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMANDS = ["list", "describe", "fetch", "metadata", "encode", "score", "merge", "rank", "contrast", "rsm", "rsa", "control", "serve", "simulate",
            "prepare", "train", "plan", "evaluate", "report", "volume", "convert", "compare", "info", "doctor", "bench"]
# Those with options of their own: a command, or one of its ways.
WITH_OPTIONS = [name for name in COMMANDS if name != "volume"] + ["volume to", "volume from", "volume rois"]


def long_options(help_text):
    return set(re.findall(r"^  (?:-., |    )--([a-z-]+)", help_text, re.M))


def test_version_is_the_headers(berg):
    header = (ROOT / "include/berg.h").read_text()
    numbers = re.findall(r"#define BERG_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header)
    assert berg("--version").out == f"berg {'.'.join(numbers)}\n"


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["help"]])
def test_the_programs_help_shows_examples_first_and_every_command(berg, arguments):
    result = berg(*arguments)
    assert result.status == 0
    assert result.err == ""
    assert result.out.startswith("Examples:\n  berg ")
    assert re.findall(r"^  (\w+) ", result.out.split("Commands:")[1], re.M) == COMMANDS


def test_without_arguments_the_help_is_a_usage_error(berg):
    result = berg()
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("Examples:\n")


@pytest.mark.parametrize("command", WITH_OPTIONS)
def test_a_commands_help(berg, command):
    words = command.split()
    result = berg(*words, "-h")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith(f"Examples:\n  berg {command}")
    assert f"Usage: berg {command} [options]" in result.out
    assert result.out == berg(*words, "--help").out
    assert berg(words[0], "-h").out == berg("help", words[0]).out
    # Examples may be long, to be copied whole; the rest fits a terminal.
    assert max(map(len, result.out.split("Usage:")[1].splitlines())) <= 80


@pytest.mark.parametrize("command", WITH_OPTIONS)
def test_the_examples_name_options_that_exist(berg, command):
    help_text = berg(*command.split(), "-h").out
    examples = help_text.split("\n\n")[0]
    others = ["train", "encode", "score"] if command == "plan" else []  # whose command lines a plan holds
    known = long_options(help_text).union(*(long_options(berg(other, "-h").out) for other in others))
    assert set(re.findall(r" --([a-z-]+)", examples)) <= known


def test_the_ways_of_volume(berg):
    result = berg("volume", "-h")
    assert result.status == 0 and result.out.startswith("Examples:\n  berg volume to ")
    assert re.findall(r"^  (\w+) ", result.out.split("Ways:")[1], re.M) == ["to", "from", "rois"]
    assert berg("volume").status == berg("volume", "form").status == 2
    assert 'did you mean "from"' in berg("volume", "form").message


@pytest.mark.parametrize("command", WITH_OPTIONS)
def test_the_man_page_names_every_option(berg, command):
    page = (ROOT / "docs/berg.1").read_text()
    section = page.split(f".Ss {command}\n")[1].split("\n.Ss ")[0].split("\n.Sh ")[0]
    documented = set(re.findall(r"^\.It.* Fl -([a-z-]+)", section, re.M))
    assert documented == long_options(berg(*command.split(), "-h").out) - {"help"}


def complete(berg, *words):
    script = (f"source {shlex.quote(str(ROOT))}/docs/completions/berg.bash; COMP_WORDS=({shlex.join(words)} ''); "
              f"COMP_WORDS[${{#COMP_WORDS[@]}}-1]=\"$1\"; COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _berg; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    return lambda last: subprocess.run(["bash", "-c", script, "bash", last], capture_output=True, text=True,
                                       check=True).stdout.split()


def test_completion_offers_commands_options_and_models(berg):
    program = str(berg.path)
    assert complete(berg, program)("de") == ["describe"]
    assert complete(berg, program)("d") == ["describe", "doctor"]
    assert complete(berg, program, "encode", "x")("--res") == ["--resume"]
    models = berg("list").out.split()
    assert complete(berg, program, "describe")("") == models and len(models) == 5
    assert complete(berg, program, "encode", "x", "--also")("meg") == ["meg-things_meg_1-vit_b_32:"]
    assert complete(berg, program, "encode", "utah_array-tvsd-vit_b_32", "--subject")("") == ["N", "F"]
    assert complete(berg, program, "encode", models[0], "--subject")("1") == ["1", "10"]
    assert complete(berg, program, "volume")("r") == ["rois"]
    assert complete(berg, program, "volume", "to")("") == models
    assert complete(berg, program, "volume", "rois", "x")("--st") == ["--stack"]
    assert set(complete(berg, program, "encode", "x")("--")) == {f"--{name}" for name in
                                                                long_options(berg("encode", "-h").out)}
