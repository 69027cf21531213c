"""A computer that cannot keep up is spared, step by step, and trusted again slowly."""

import pytest

from support.participant import only_hears

EASY = {"decoded": 100, "dropped": 0, "decodeLoad": 0.1, "encodeLoad": 0.1, "limited": 0, "frameInterval": 16.7}
DROPPING = {**EASY, "dropped": 60}
SLOW_DECODER = {**EASY, "decodeLoad": 0.95}
LATE_PAGE = {**EASY, "frameInterval": 140}
LIMITED = {**EASY, "limited": 0.9}
SLOW_ENCODER = {**EASY, "encodeLoad": 0.98}
TIGHT = {**EASY, "decodeLoad": 0.75, "limited": 0.2}


@pytest.fixture
def steps(people, chromium):
    """Runs seconds of strain through the guard; gives the steps of receiving and sending after each."""
    ana = people(chromium, "Ana")
    ana.page.goto(ana.server.url)

    def run(seconds):
        return ana.page.evaluate(
            """async seconds => {
              const { advance, resumed, untroubled } = await import('/cpu-guard.js')
              let guard = untroubled(), now = 0
              return seconds.map(strain => {
                guard = strain ? advance(guard, strain, now) : resumed(guard)
                now += 1000
                return [guard.receive.step, guard.send.step]
              })
            }""", seconds)

    return run


@pytest.mark.parametrize("strain, side", [(DROPPING, 0), (SLOW_DECODER, 0), (LATE_PAGE, 0), (LIMITED, 1), (SLOW_ENCODER, 1)])
def test_strain_that_lasts_makes_steps_on_its_own_side(steps, strain, side):
    told = steps([strain] * 30)
    assert told[2] == [0, 0], "three seconds are patience"
    assert told[3][side] == 1
    assert [step[1 - side] for step in told] == [0] * 30
    rises = [index for index in range(1, 30) if told[index][side] > told[index - 1][side]]
    assert all(later - earlier >= 4 for earlier, later in zip(rises, rises[1:])), "each step is given time to help"
    assert told[-1][side] == [4, 3][side]


def test_a_moment_of_strain_changes_nothing(steps):
    assert steps(([DROPPING] * 3 + [TIGHT]) * 5 + ([LIMITED] * 3 + [EASY]) * 5) == [[0, 0]] * 40


def test_what_is_neither_strained_nor_calm_stays_as_it_is(steps):
    told = steps([DROPPING] * 4 + [TIGHT] * 60)
    assert told[4:] == [[1, 0]] * 60


def test_calm_takes_a_step_back_slowly(steps):
    told = [step[0] for step in steps([DROPPING] * 9 + [EASY] * 40)]
    assert told[8] == 2
    assert told.index(1, 9) - 9 == 15
    assert told.index(0, 9) - told.index(1, 9) == 15


def test_a_step_back_that_fails_is_tried_again_ever_later(people, chromium):
    ana = people(chromium, "Ana")
    ana.page.goto(ana.server.url)
    waits = ana.page.evaluate(
        """async ([dropping, easy]) => {
          const { advance, untroubled } = await import('/cpu-guard.js')
          let guard = untroubled(), now = 0
          return Array.from({ length: 6 }, () => {
            while (guard.receive.step === 0) guard = advance(guard, dropping, now += 1000)
            const begun = now
            while (guard.receive.step === 1) guard = advance(guard, easy, now += 1000)
            return (now - begun) / 1000 - 1
          })
        }""", [DROPPING, EASY])
    assert waits == [15, 30, 60, 120, 120, 120]


def test_a_hidden_page_neither_counts_as_strain_nor_as_calm(steps):
    assert steps([DROPPING] * 3 + [None] + [DROPPING] * 3)[-1] == [0, 0]
    told = steps([DROPPING] * 4 + [EASY] * 10 + [None] + [EASY] * 10)
    assert told[-1] == [1, 0]


# The browser's own figures, made worse: half of the frames are dropped, the encoder wants for processor time.
STRAINED = """
  const real = RTCPeerConnection.prototype.getStats
  let seconds = 0
  RTCPeerConnection.prototype.getStats = async function (...options) {
    const reports = await real.apply(this, options)
    if (!window.strained) return reports
    seconds += 1
    return new Map([...reports].map(([id, report]) => {
      if (report.type === 'inbound-rtp' && report.kind === 'video') {
        return [id, { ...report, framesDecoded: seconds * 20, framesDropped: seconds * 20 }]
      }
      if (report.type === 'outbound-rtp' && report.kind === 'video') {
        return [id, { ...report, qualityLimitationDurations: { cpu: seconds * 0.9 } }]
      }
      return [id, report]
    }))
  }
"""


def test_a_strained_page_asks_for_less_sends_less_and_says_so(people, browser, chromium):
    budi = people(chromium, "Budi").join("strain")
    ana = people(browser, "Ana", before=only_hears("layers") + STRAINED, spare=True, probe={"camera": {"width": 1280, "height": 720, "rate": 10}}).join("strain")
    ana.wait_for_picture(budi.id)
    ana.wait("window.wire.last('view')?.tiles.length === 1")
    # As large as it is shown; this computer may be spared already.
    shown = f"Math.round(parseFloat(document.querySelector('video-tile[data-participant=\"{budi.id}\"]').style.height))"
    ana.page.evaluate("() => { window.strained = true }")
    ana.wait(f"window.wire.last('view').tiles[0].height <= {shown} * 0.76", timeout=40)
    ana.wait("document.querySelector('[data-notice=busy]')")
    sent = "window.jumpa.pc.getTransceivers()[1].sender.getParameters().encodings"
    ana.wait(f"{sent}[2].scaleResolutionDownBy > 1 || {sent}[2].active === false", timeout=40)
    ana.screenshot(f"busy-{browser.browser_type.name}")
    # Who would rather have the pictures says so in the settings.
    ana.find("more").click()
    ana.find("settings").click()
    ana.find("spare").uncheck()
    ana.wait(f"window.wire.last('view').tiles[0].height === {shown}")
    ana.wait(f"{sent}[2].scaleResolutionDownBy === 1 && {sent}[2].active")
