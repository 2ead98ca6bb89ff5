"""Commands of a kind have the same options, with the same flags, defaults and help."""

import dataclasses
import math
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import get_args, get_type_hints

import pytest
import typer.main
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.errors import InputError
from hierbatch.option import (
    OptionGroup,
    declared_option,
    group_parameters,
    option_flags,
    option_groups,
    option_title,
)

COMMANDS = dict(typer.main.get_command(app).commands)
FUNCTIONS = {command.name: command.callback for command in app.registered_commands}

VOICED = ("voice", "voices", "default_voice", "consent", "allow_unknown_consent", "denoise_ratio")
PLACED = ("device", "dtype", "compile")
WORKED = (*PLACED, "engine", "workers", "gpus_per_worker", "ray_address")
MEASURED = ("measures", "asr_model")
SYNTHESIZED = ("language", "lexicon", "seed", "max_retakes", "filter")
EXPECTED = {
    "plan": (*VOICED, *PLACED, "model", "language", "lexicon", "speed", "seed"),
    "run": (*VOICED, *WORKED, *MEASURED, *SYNTHESIZED, "model", "speed", "update"),
    "narrate": (*VOICED, *WORKED, *MEASURED, *SYNTHESIZED, "model", "speed", "update", "to", "profile", "full_band"),
    "corpus": (*VOICED, *WORKED, *MEASURED, *SYNTHESIZED, "model", "update"),
    "convert": (*VOICED, *WORKED, *MEASURED, "model", "seed", "update", "source_root", "full_band"),
    "dub": (*VOICED, *WORKED, *MEASURED, "model", "seed", "update"),
    "upsample": (*WORKED, "model", "update", "source_root"),
    "retry": WORKED,
    "book": (*PLACED, "to", "profile", "full_band"),
    "say": (*PLACED, "model", "voice", "consent", "denoise_ratio", "language", "lexicon", "speed", "seed"),
}
LACKING = {
    ("corpus", "voice"): "a corpus needs several speakers, which a table lists",
    ("corpus", "default_voice"): "texts are assigned to voices",
    ("corpus", "consent"): "the table has the consent of every voice",
}
VARIANTS = {
    "language": "`auto` where sentences are detected in running text; rows have a language of their own",
    "speed": "a range in a corpus, the speed of a single text in `say`",
    "pitch_semitones": "a range in a corpus, relative to the target's range in conversions",
    "rate_hz": "optional in conversions, 24 or 48 kHz in bandwidth extension",
    "model": "bandwidth extension needs a SpeechSR model",
    "voice": "required in `say`",
    "voices": "required in `corpus`",
    "consent": "without a default in `say`",
    "measures": "a corpus is measured by default",
    "filter": "a corpus also rejects rows by it",
    "full_band": "recordings are extended at their own rate, takes before mastering",
    "to": "`book` makes one format by default",
    "profile": "`book` makes one format by default",
    "title": "`book` has only the run, `narrate` the book",
    "author": "`book` has only the run, `narrate` the book",
    "min_duration_s": "a limit of whole recordings in `prepare`, of utterances in `intake`",
    "max_duration_s": "a limit of whole recordings in `prepare`, of utterances in `intake`",
    "asr_model": "checks takes against their texts, writes the texts of `intake`",
    "device": "commands with workers explain the numbering of GPUs",
    "cover": "`book` has only the run, `narrate` the book",
}
OUTSIDE_GROUPS = {
    "out": "every command says what it writes there",
    "json": "an alias in cli/options.py declares it once",
    "overwrite": "each command names the files it replaces",
    "keep": "parts of a book in `import` and `cast`; `narrate` has it in a group",
    "language": "of a whole book in `import` and `cast`; runs have it in a group",
    "port": "each server has its own default",
    "clips": "an alias in cli/options.py declares it once",
    "who": "an alias in cli/options.py declares it once",
    "voice": "the name of a voice in `import` and `respeak`",
}


def declared(command):
    """Groups of a command, each with its parameters and their options."""
    function = getattr(FUNCTIONS[command], "__wrapped__", None)
    groups = option_groups(function) if function else {}
    return [
        (group, parameter, declared_option(parameter.annotation))
        for group in groups.values()
        for parameter in group_parameters(group)
    ]


def shown(command):
    return {parameter.name: parameter for parameter in COMMANDS[command].params}


@pytest.mark.parametrize("command", EXPECTED)
def test_a_command_has_all_options_of_its_kind(command):
    lacking = set(EXPECTED[command]) - set(shown(command))
    assert lacking == {name for of, name in LACKING if of == command}


@pytest.mark.parametrize("command", FUNCTIONS)
def test_options_of_a_group_are_shown_as_the_group_declares_them(command):
    for group, parameter, option in declared(command):
        found = shown(command)[parameter.name]
        assert tuple(found.opts) == option_flags(parameter.name, option)
        assert not found.secondary_opts
        assert found.help.startswith(option.help)
        assert found.rich_help_panel == option_title(group, parameter.name)
        assert found.required == (parameter.default is parameter.empty)
        assert found.required or found.default == parameter.default


def test_an_option_has_one_flag_default_and_help_in_all_commands():
    variants = defaultdict(set)
    for command in FUNCTIONS:
        for _, parameter, option in declared(command):
            variants[parameter.name].add((option_flags(parameter.name, option), option.help, str(parameter.default)))
    assert {name for name, found in variants.items() if len(found) > 1} == set(VARIANTS)
    assert not {name for name, found in variants.items() if len({flags for flags, *_ in found}) > 1}


def test_no_option_is_declared_in_two_commands():
    outside = defaultdict(list)
    for command in FUNCTIONS:
        grouped = {parameter.name for _, parameter, _ in declared(command)}
        for parameter in COMMANDS[command].params:
            if parameter.param_type_name == "option" and parameter.name not in grouped | {"help"}:
                outside[parameter.name].append(command)
    assert {name for name, commands in outside.items() if len(commands) > 1} == set(OUTSIDE_GROUPS)


@pytest.mark.parametrize(
    "words",
    [
        "",
        *COMMANDS,
        "models list",
        "models show",
        "models add",
        "models assemble",
        "voices list",
        "voices preview",
        "voices blend",
        "voices sample",
        "voices design",
    ],
)
def test_help_fits_80_columns_and_has_an_example(words):
    done = CliRunner().invoke(app, [*words.split(), "--help"], env={"COLUMNS": "80"}, prog_name="hierbatch")
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    assert "…" not in done.output
    assert words in ("", "models", "train", "voices") or f"Example: hierbatch {words}" in done.output


def test_help_and_version_load_no_library():
    script = """
import sys
from hierbatch.cli.app import main
for words in (["--help"], ["run", "--help"], ["--version"]):
    sys.argv = ["hierbatch", *words]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, ended.code
print(sorted({"torch", "pyarrow", "ray", "numpy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *_, version, heavy = done.stdout.splitlines()
    assert version.startswith("hierbatch 0.")
    assert heavy == "[]"


def _groups(base: type[OptionGroup] = OptionGroup) -> Iterator[type[OptionGroup]]:
    for group in base.__subclasses__():
        yield group
        yield from _groups(group)


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    n_refused = 0
    for group in _groups():
        required = [field for field in dataclasses.fields(group) if field.default is dataclasses.MISSING]
        for name, hint in get_type_hints(group, include_extras=True).items():
            option = declared_option(hint)
            if required or not option or float not in (get_args(hint)[0], *get_args(get_args(hint)[0])):
                continue
            if isinstance(value, int) and option.maximum is None:
                continue
            with pytest.raises(InputError):
                group(**{name: value})
            n_refused += 1
    assert n_refused > 5
