"""Virtual time: threads take turns in the order of their times, and none waits for a real clock."""

from __future__ import annotations

import threading

from constructs_sm.testing.clock import FOREVER, Clock

import pytest

YEAR = 365 * 86_400


def run(work, clock):
    clock.run(lambda: work(clock), timeout_seconds=10)
    return clock


def test_sleeping_takes_virtual_time_alone():
    assert run(lambda clock: clock.sleep(YEAR), Clock()).now == YEAR


def test_threads_go_in_the_order_of_their_times():
    went = []

    def work(clock):
        def each(seconds):
            clock.sleep(seconds)
            went.append((clock.now, seconds))

        threads = [clock.thread(target=each, args=(seconds,)) for seconds in (5, 3, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    run(work, Clock())
    assert went == [(3, 3), (4, 4), (5, 5)]


def test_join_gives_up_at_its_timeout_and_the_thread_lives_on():
    seen = []

    def work(clock):
        thread = clock.thread(target=lambda: clock.sleep(10))
        thread.start()
        thread.join(timeout=4)
        seen.append((clock.now, thread.is_alive()))
        thread.join()
        seen.append((clock.now, thread.is_alive()))

    run(work, Clock())
    assert seen == [(4, True), (10, False)]


def test_event_wakes_who_waits_for_it():
    seen = []

    def work(clock):
        event = clock.event()
        clock.thread(target=lambda: (clock.sleep(7), event.set())).start()
        seen.extend([event.wait(3), clock.now, event.wait(), clock.now])

    run(work, Clock())
    assert seen == [False, 3, True, 7]


def test_timeout_that_means_none_never_comes():
    def work(clock):
        event = clock.event()
        clock.thread(target=lambda: (clock.sleep(2 * FOREVER), event.set())).start()
        assert event.wait(FOREVER)

    assert run(work, Clock()).now == 2 * FOREVER


def test_waiting_for_what_never_comes_is_an_error_at_once():
    with pytest.raises(RuntimeError, match="never comes"):
        run(lambda clock: clock.event().wait(), Clock())


def test_error_of_a_thread_ends_the_run():
    def work(clock):
        def broken():
            raise ZeroDivisionError

        clock.thread(target=broken).start()
        clock.sleep(1)

    with pytest.raises(ZeroDivisionError):
        run(work, Clock())


def test_run_that_really_takes_too_long_is_given_up():
    over = []

    def work(_clock):
        while not over:
            pass

    clock = Clock()
    with pytest.raises(TimeoutError, match=r"0\.05 s"):
        clock.run(lambda: work(clock), timeout_seconds=0.05)
    over.append(True)


def test_threads_that_nobody_waits_for_end_with_the_run():
    # Others may end meanwhile: jsii's, say.
    before = set(threading.enumerate())

    def work(clock):
        clock.thread(target=clock.event().wait).start()
        clock.sleep(1)

    run(work, Clock())
    assert set(threading.enumerate()) <= before
