"""``wetprint listen`` serves a test of models, goes on with it, and refuses what it cannot."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

from tests.judging.listening.client import Client
from wetprint.audio import write
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.models import Chain, Model, load_model, save_model
from wetprint.signals import playing

RATE = 16_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("listening")
    dry = playing(4.0, 5, RATE)
    write(folder / "dry.wav", dry, RATE)
    write(folder / "wet.wav", 0.4 * np.tanh(5 * dry), RATE)
    write(folder / "silent.wav", 0.0 * dry, RATE)
    write(folder / "short.wav", dry[:, :RATE], RATE)
    chain = Chain([Gain(GainConfig())])
    spec = "builtin:Distortion?drive_db=20"
    save_model(Model(chain, RATE, learned_from={"effect": spec}), folder / "drive.wetprint")
    save_model(Model(chain, RATE, learned_from={"recordings": ["x"]}), folder / "box.wetprint")
    return folder


def serve(folder, *arguments, address="127.0.0.1") -> tuple[subprocess.Popen, int]:
    command = [sys.executable, "-m", "wetprint.cli", "listen", folder / "drive.wetprint"]
    command += ["--on", folder / "dry.wav", "--port", "0", "--no-browser", "--trials", "3"]
    command += ["--results", folder / "answers.sqlite", "--training", "0", *arguments]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = process.stdout.readline()
    found = re.search(rf"http://{re.escape(address)}:(\d+)/", told)
    assert found, told
    return process, int(found[1])


def test_a_test_is_served_interrupted_and_gone_on_with(folder, wetprint):
    process, port = serve(folder)
    client = Client(port)
    client.join()
    client.answer(0)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "0 listeners finished" in out
    process, client.port = serve(folder)
    for index in (1, 2):
        assert client.next()["index"] == index
        client.answer(index)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert "1 listener finished" in out
    assert "of 3 trials" in out
    results, table = folder / "answers.sqlite", folder / "answers.csv"
    ran = wetprint("listen", "--results", results, "--csv", table, "--json", folder / "a.json")
    assert ran.status == 0
    assert table.read_text().count("\n") == 4
    assert json.loads((folder / "a.json").read_text())["summary"]["listeners"] == [1]


def test_a_folder_is_exported_whole(folder, wetprint, tmp_path):
    arguments = ("--on", folder / "dry.wav", "--trials", 2, "--training", 0)
    ran = wetprint("listen", folder / "drive.wetprint", *arguments, "--export", tmp_path / "page")
    assert ran.status == 0
    assert len(list((tmp_path / "page" / "sounds").iterdir())) == 6
    assert len(json.loads((tmp_path / "page" / "test.json").read_text())["trials"]) == 2
    again = wetprint("listen", folder / "drive.wetprint", *arguments, "--export", tmp_path / "page")
    assert again.status == 1
    assert "expected a new or empty folder" in again.err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["page"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["box.wetprint"], "give one with --dry and --wet"),
        (["drive.wetprint", "--on", "silent.wav"], "silence"),
        (["drive.wetprint", "--on", "short.wav"], "at least 2 s"),
        (["drive.wetprint", "--on", "dry.wav", "--kind", "abc"], "abx, closer, rating"),
        (["--results", "missing.sqlite", "--csv", "out.csv"], "there is no"),
        (["--results", "dry.wav", "--csv", "out.csv"], "got another file"),
    ],
)
def test_what_cannot_be_listened_to_is_said_in_a_sentence(folder, wetprint, arguments, complaint):
    named = [folder / each if "." in each else each for each in arguments]
    before = sorted(folder.iterdir())
    ran = wetprint("listen", *named, "--no-browser", "--port", 0)
    assert ran.status == 1
    assert complaint in ran.err
    assert sorted(folder.iterdir()) == before


def test_a_port_in_use_is_noticed_before_anything_is_played(folder, wetprint):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = wetprint("listen", folder / "drive.wetprint", "--port", port, "--no-browser")
    assert ran.status == 1
    assert f"port {port}" in ran.err
    assert "give another --port" in ran.err


@pytest.mark.parametrize(("host", "address"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])
def test_a_panel_is_told_an_address_that_a_browser_can_open(folder, tmp_path, host, address):
    results = ("--results", tmp_path / "answers.sqlite")
    process, port = serve(folder, "--host", host, *results, address=address)
    with urllib.request.urlopen(f"http://{address}:{port}/api/test") as answer:
        assert json.load(answer)["trials"] == 3
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def test_every_listener_of_a_panel_is_given_a_link(folder, tmp_path):
    results = ("--results", tmp_path / "answers.sqlite")
    process, port = serve(folder, "--host", "0.0.0.0", "--codes", 2, *results)
    assert process.stdout is not None
    first = process.stdout.readline()
    links = [first] if "#" in first else []  # a machine without a network has no other address
    links += [process.stdout.readline() for _ in range(2 - len(links))]
    found = [re.search(r"code (\w+): (http://.+)#(\w+)$", each.strip()) for each in links]
    assert all(each and each[1] == each[3] for each in found)
    assert len({each[1] for each in found if each}) == 2
    for each in found:
        assert each is not None
        with urllib.request.urlopen(f"{each[2]}api/test") as answer:
            assert json.load(answer)["needs_code"]
        assert f":{port}/" in each[2]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def test_a_model_that_was_learned_anew_is_not_mixed_with_old_answers(folder, wetprint, tmp_path):
    results = ("--results", tmp_path / "answers.sqlite")
    process, _ = serve(folder, *results)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    shutil.copy(folder / "drive.wetprint", tmp_path / "drive.wetprint")
    model = load_model(tmp_path / "drive.wetprint")
    save_model(dataclasses.replace(model, settings={"seed": 1}), tmp_path / "drive.wetprint")
    asked = ("--on", folder / "dry.wav", "--trials", 3, "--training", 0, "--port", 0)
    ran = wetprint("listen", tmp_path / "drive.wetprint", *asked, *results, "--no-browser")
    assert ran.status == 1
    assert "got those of another" in ran.err
