"""Virtual time: threads take turns, the one whose time comes first goes next, and nobody waits for a real clock.

Exactly one thread runs at any moment, and it gives its turn away only where it would have to wait. So a rehearsal is
the same each time, in the order in which things would happen, whatever the machine does.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


FOREVER = 99_999_999
"""Seconds that Amazon States Language means where no timeout is given."""


class _Abandoned(BaseException):
    """Nobody needs what this thread was doing."""


class Clock:
    """The time of one rehearsed execution."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the execution began."""
        self._turns: list[tuple[float, int, Thread, int]] = []
        self._order = itertools.count()
        self._current: Thread | None = None
        self._threads: list[Thread] = []
        self._over = threading.Event()
        self._failure: BaseException | None = None

    def run(self, work: Callable[[], None], *, timeout_seconds: float) -> None:
        """Do *work* and all that it starts, until it returns.

        Args:
            work: What to do, in a thread of this clock.
            timeout_seconds: How long this may really take.

        Raises:
            TimeoutError: It took longer.
        """
        Thread(self, target=lambda: self._lead(work)).start()
        self._give_turn()
        ended = self._over.wait(timeout_seconds)
        self._over.set()
        for thread in self._threads:
            thread.abandon()
        if self._failure:
            raise self._failure
        if not ended:
            message = f"the execution did not end within {timeout_seconds} s"
            raise TimeoutError(message)

    def sleep(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self._wait(self.now + max(seconds, 0))

    def stop(self, failure: BaseException | None = None) -> BaseException:
        """Let `run` return, or raise *failure*; raise what this returns to leave the thread."""
        self._failure = self._failure or failure
        self._over.set()
        return self.abandoned()

    @staticmethod
    def abandoned() -> BaseException:
        """What a thread raises to leave off."""
        return _Abandoned()

    def thread(self, **options: Any) -> Thread:
        """What stands in for a `threading.Thread`."""
        return Thread(self, **options)

    def event(self) -> Event:
        """What stands in for a `threading.Event`."""
        return Event(self)

    @property
    def current(self) -> Thread:
        """The thread whose turn it is."""
        if self._current is None:
            message = "nothing runs on this clock"
            raise RuntimeError(message)
        return self._current

    def _lead(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self._over.set()

    def _enter(self, thread: Thread) -> None:
        self._threads.append(thread)
        self._wake(thread)

    def _wake(self, thread: Thread) -> None:
        heapq.heappush(self._turns, (self.now, next(self._order), thread, thread.waits))

    def _wait(self, until: float | None) -> None:
        """Give the turn away until *until*, or until somebody wakes this thread."""
        thread = self.current
        if until is not None:
            heapq.heappush(self._turns, (until, next(self._order), thread, thread.waits))
        if not self._over.is_set():
            self._give_turn()
            thread.turn.acquire()
        if self._over.is_set():
            raise _Abandoned

    def _give_turn(self) -> None:
        while self._turns:
            time, _, thread, waits = heapq.heappop(self._turns)
            if waits == thread.waits:
                thread.waits += 1
                self.now, self._current = max(self.now, time), thread
                thread.turn.release()
                return
        self.stop(RuntimeError("the execution waits for something that never comes"))


class Thread:
    """A `threading.Thread` that lives on a clock."""

    def __init__(
        self,
        clock: Clock,
        *,
        target: Callable[..., None],
        args: tuple[Any, ...] = (),
        name: str | None = None,
        daemon: bool = True,  # noqa: ARG002 - all are
    ) -> None:
        self.state: str | None = clock._current.state if clock._current else None  # noqa: SLF001 - one thing in two classes
        """The state of the state machine that the thread is in."""
        self.turn = threading.Semaphore(0)
        self.waits = 0
        self.native_id = 0
        self._clock = clock
        self._work = target, args
        self._ended = Event(clock)
        self._real = threading.Thread(target=self._main, name=name, daemon=True)

    def start(self) -> None:
        self._real.start()
        self._clock._enter(self)  # noqa: SLF001 - one thing in two classes

    def join(self, timeout: float | None = None) -> None:
        self._ended.wait(timeout)

    def is_alive(self) -> bool:
        return not self._ended.is_set()

    def abandon(self) -> None:
        """Let the thread end where it waits: its clock no longer runs."""
        self.turn.release()
        self._real.join(1)

    def _main(self) -> None:
        clock = self._clock
        self.turn.acquire()
        if clock._over.is_set():  # noqa: SLF001
            return
        target, args = self._work
        try:
            target(*args)
        except _Abandoned:  # what it did is over, not what waits for it
            pass
        except BaseException as failure:  # noqa: BLE001 - raised again by Clock.run
            clock.stop(failure)
        if not clock._over.is_set():  # noqa: SLF001
            self._ended.set()
            clock._give_turn()  # noqa: SLF001


class Event:
    """A `threading.Event` that lives on a clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._set = False
        self._waiting: list[Thread] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True
        for thread in self._waiting:
            self._clock._wake(thread)  # noqa: SLF001 - one thing in two classes
        self._waiting.clear()

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        clock = self._clock
        deadline = None if timeout is None or timeout >= FOREVER else clock.now + timeout
        while not self._set and (deadline is None or clock.now < deadline):
            thread = clock.current
            self._waiting.append(thread)
            clock._wait(deadline)  # noqa: SLF001
            if thread in self._waiting:
                self._waiting.remove(thread)
        return self._set
