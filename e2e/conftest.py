"""Browsers are started once; every test has a server and rooms of its own."""

import pytest
from playwright.sync_api import sync_playwright

from support.browsers import launch_chromium, launch_firefox, sound_server
from support.guest import Guest
from support.impairing_relay import Impairments
from support.pair import meet
from support.participant import Participant
from support.quality import web_with_measures
from support.server import Server


@pytest.fixture(scope="session")
def playwright():
    with sound_server(), sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright):
    browser = launch_chromium(playwright)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def firefox(playwright):
    browser = launch_firefox(playwright)
    yield browser
    browser.close()


@pytest.fixture(params=["chromium", "firefox"])
def browser(request):
    """Each browser in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def server():
    started = Server().start()
    yield started
    assert started.process is None or started.process.poll() is None, "the server ended by itself"
    started.stop()


@pytest.fixture(scope="module")
def lasting_server():
    """One server for all tests of a file: what one of them does to it, the next ones would feel."""
    started = Server().start()
    yield started
    code, took = started.stop()
    assert code == 0 and took <= 2


@pytest.fixture(scope="module")
def lasting_bystander(lasting_server):
    guest = Guest(lasting_server).join("bystanders", "Bystander")
    yield guest
    guest.close()


@pytest.fixture
def bystander(lasting_bystander):
    """Somebody in another room, who must not notice anything."""
    yield lasting_bystander
    assert lasting_bystander.round_trip() < 2


@pytest.fixture
def people(server):
    """Makes participants with a hue and a tone of their own, and sends them home afterwards."""
    made = []

    def make(browser, name, **options):
        number = len(made)
        options.setdefault("hue", (number * 75) % 360)
        options.setdefault("tone", 400 + number * 250)
        person = Participant(browser, server, name, **options)
        made.append(person)
        return person

    yield make
    problems = [(person.name, problem) for person in made for problem in person.problems]
    for person in made:
        person.close()
    assert not problems


@pytest.fixture(scope="module")
def impairments():
    made = Impairments()
    yield made
    made.close()


@pytest.fixture(scope="module")
def far_server(tmp_path_factory):
    started = Server()
    started.web = web_with_measures(tmp_path_factory.mktemp("measures"))
    started.start()
    yield started
    code, took = started.stop()
    assert code == 0 and took <= 2


@pytest.fixture(scope="module")
def met(chromium, firefox, far_server, impairments):
    people = []
    try:
        yield meet((chromium, firefox), far_server, impairments, people)
        assert not [(person.name, problem) for person in people for problem in person.problems]
    finally:
        for person in people:
            person.close()


@pytest.fixture
def pair(met):
    """Both links are good, and so is what is seen."""
    met.mend()
    met.wait_until_steady()
    yield met
    met.mend()
