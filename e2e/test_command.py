"""The command: what it prints, what it refuses, how it ends."""

import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

from support.guest import Guest
from support.server import BINARY, Server, free_port


def jumpa(*arguments, **environment):
    """Runs it to its end: exit code, standard output, standard error."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("JUMPA_")}
    done = subprocess.run(
        [BINARY, *arguments], capture_output=True, text=True, timeout=90, env={**clean, **environment})
    return done.returncode, done.stdout, done.stderr


def refused(*arguments, code=2, **environment):
    """What it says in its one line, after it has ended with the code."""
    ended, output, said = jumpa(*arguments, **environment)
    assert ended == code, said
    assert output == ""
    assert said.startswith("jumpa: ") and said.count("\n") == 1, said
    return said


@pytest.mark.parametrize("arguments", [["--help"], ["help"], ["serve", "--help"], ["help", "serve"]])
def test_help_tells_what_there_is(arguments):
    code, output, said = jumpa(*arguments)
    assert (code, said) == (0, "")
    assert "jumpa serve" in output
    if "serve" in arguments:
        for flag in ("--port", "--udp-port", "--advertise", "--data", "--config"):
            assert flag in output


@pytest.mark.parametrize("arguments", [["version"], ["--version"]])
def test_version_is_a_version(arguments):
    code, output, _ = jumpa(*arguments)
    assert code == 0
    assert re.fullmatch(r"jumpa \d+\.\d+\.\d+\S*\n", output), output


@pytest.mark.parametrize("arguments, meant", [
    (["serv"], "jumpa serve"),
    (["serve", "--prot", "8080"], "--port"),
    (["serve", "--udpport", "8080"], "--udp-port"),
])
def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(arguments, meant):
    said = refused(*arguments)
    assert arguments[-2 if len(arguments) > 2 else -1] in said
    assert f"did you mean {meant}" in said.replace('"', "")


@pytest.mark.parametrize("arguments, expected", [
    (["serve", "--port"], "--port"),
    (["serve", "--port", "eighty"], "a number from"),
    (["serve", "--port", "65536"], "a number from"),
    (["serve", "--port", "99999999999999999999"], "a number from"),
    (["serve", "--host", "here"], "not an IP address"),
    (["serve", "--advertise", "0.0.0.0"], "clients can send to"),
    (["serve", "--allow-origin", "meet.example"], "https://meet.example"),
    (["serve", "--tls-cert", "cert.pem"], "--tls-key"),
    (["serve", "--config", "/nonexistent/jumpa.json5"], "/nonexistent/jumpa.json5"),
])
def test_a_wrong_value_is_named_with_what_would_be_right(arguments, expected):
    assert expected in refused(*arguments)


@pytest.mark.parametrize("text, expected", [
    ("{ prot: 8080 }", 'did you mean "port"?'),
    ("{ udp_port: 8080 }", 'did you mean "udpPort"?'),
    ("{ zzzzzzzzzz: 8080 }", "known are "),
    ("{ port: 'many' }", "port"),
    ("{ port: {} }", "port"),
    ("{ port: 1e999 }", "port"),
    ("{ port: 80.5 }", "port"),
    ("[]", "not a JSON5 object"),
    ("{ port: ", "jumpa.json5"),
    ("", "jumpa.json5"),
    ("[" * 10_000, "jumpa.json5"),
    ("\x00", "jumpa.json5"),
])
def test_a_configuration_that_is_wrong_is_refused_with_the_reason(tmp_path, text, expected):
    file = tmp_path / "jumpa.json5"
    file.write_text(text)
    assert expected in refused("serve", "--config", str(file))


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path):
    file = tmp_path / "jumpa.json5"
    file.write_text("{ port: 'from the file', }")
    assert '"from the file"' in refused("serve", "--config", str(file)).replace("“", '"')
    assert "JUMPA_PORT" in refused("serve", "--config", str(file), JUMPA_PORT="from the environment")
    said = refused("serve", "--config", str(file), "--port", "from the flag", JUMPA_PORT="from the environment")
    assert "--port" in said and "from the flag" in said


def test_a_port_in_use_is_said_with_what_to_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        udp = str(free_port(socket.SOCK_DGRAM))
        said = refused("serve", "--host", "127.0.0.1", "--port", port, "--udp-port", udp, code=1)
        assert port in said and "--port" in said


def test_a_media_port_in_use_is_said_with_what_to_do():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        said = refused(
            "serve", "--host", "127.0.0.1", "--port", "0", "--udp-host", "127.0.0.1", "--udp-port", port, code=1)
        assert port in said and "--udp-port" in said


@pytest.mark.parametrize("place", ["/proc/jumpa", "/dev/null", "/dev/null/jumpa"])
def test_a_directory_that_cannot_be_written_is_said(place):
    said = refused("serve", "--host", "127.0.0.1", "--port", "0", "--data", place, code=1)
    assert place in said and "--data" in said


def test_a_data_directory_is_made_for_its_owner_only(tmp_path):
    place = tmp_path / "new" / "data"
    server = Server("--data", str(place)).start()
    assert pathlib.Path(place).stat().st_mode & 0o777 == 0o700
    assert server.stop()[0] == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds_and_clients_are_told(server, how):
    guests = [Guest(server).join("closing", f"Guest {number}") for number in range(5)]
    with socket.create_connection(("127.0.0.1", server.port)) as silent:
        silent.sendall(b"GET / HTTP/1.1\r\n")
        code, took = server.stop(how)
    assert code == 0
    assert took <= 2, f"it took {took:.1f} s"
    for guest in guests:
        assert guest.wait_for_close() == 1001
        closing = guest.wait("closing")["payload"]
        assert closing["reason"] == "restart" and 0 < closing["retryAfter"] <= 5000


def test_it_does_not_end_for_signals_that_mean_nothing_to_it(server):
    server.process.send_signal(signal.SIGPIPE)
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert client.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"
    assert server.process.poll() is None
