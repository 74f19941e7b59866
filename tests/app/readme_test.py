#!/usr/bin/env python3
"""Runs what the README shows: every `console` block must give exactly the output that stands there.

usage: readme_test.py PROGRAM SOURCE_FOLDER
A line "$ ./spillway …" is a command, the lines after it its output. Blocks of other kinds are not run.
"""
import pathlib
import re
import shlex
import subprocess
import sys


def commands(markdown):
    for block in re.findall(r"^```console\n(.*?)^```", markdown, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def main():
    program, source = sys.argv[1], pathlib.Path(sys.argv[2])
    checked, wrong = 0, 0
    for page in ["README.md"]:
        for command, expected in commands((source / page).read_text()):
            words = shlex.split(command)
            if words[0] != "./spillway":
                sys.exit(f"{page}: only ./spillway can be shown, not: {command}")
            result = subprocess.run([program, *words[1:]], cwd=source, capture_output=True, text=True, timeout=300)
            checked += 1
            if result.stdout.rstrip() != expected.rstrip():
                wrong += 1
                print(f"{page}: the output of `{command}` is not what it shows; it is\n{result.stdout}{result.stderr}")
    if checked == 0:
        sys.exit("the README shows no command: nothing was checked")
    print(f"{checked} commands checked, {wrong} differ")
    sys.exit(wrong != 0)


main()
