"""
Event handlers: how they are declared, and how they are called with a batch of events.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from celery import Task, shared_task
from celery.signals import task_postrun, task_prerun
from django.db import close_old_connections, connection

from outbox.constants import DATABASE_WAIT
from outbox.events import Event, UnreadableEvent
from outbox.models import Message
from outbox.services import OutboxService, subscriptions
from utils.errors import TRANSIENT_ERRORS
from utils.observability.metrics import count_handled
from utils.observability.middleware import current_request_id

logger = logging.getLogger(__name__)

QUICK_TRIES = 3
DATABASE_PAUSE = 0.5
# How many events one message to the broker carries at most; a handler of large events declares fewer.
MAX_BATCH_SIZE = 100

AnEvent = TypeVar("AnEvent", bound=Event)
# A handler of every FriendshipEvent handles Followed too.
HandledEvent = TypeVar("HandledEvent", bound=Event, contravariant=True)  # noqa: PLC0105


@dataclass(frozen=True, slots=True)
class EventHandler(Generic[HandledEvent]):
    """
    A function that handles events of type `HandledEvent`, and how it is called.

    :param name: its name in outbox rows.
    :param queue: the queue for messages about its events.
    :param batch_size: how many events it takes at once, at most.
    """

    name: str
    function: Callable[[Sequence[HandledEvent]], str]
    queue: str
    batch_size: int

    def __call__(self, messages: Sequence[Message]) -> str:
        return self.function([read_event(message) for message in messages])


# {name or alias of a handler: the handler}. `Any`: `subscribe` checks which events a handler takes.
handlers: dict[str, EventHandler[Any]] = {}
# {name or alias of an event: its class}: how rows are read.
event_types: dict[str, type[Event]] = {}


def subscribe(event_type: type[AnEvent], *wanted: EventHandler[AnEvent]) -> None:
    """
    Call these handlers, in this order, for events of one type. Only `twitter/subscriptions.py` may use it.
    """
    for name in (event_type.name, *event_type.aliases):
        event_types[name] = event_type
        subscriptions[name] = [handler.name for handler in wanted]


def read_event(message: Message) -> Any:
    """
    Return the event that a row holds. `Any`: `subscribe` has checked that its handlers take its type.

    :raises UnreadableEvent: this release does not know the event, or the row lacks a field.
    """
    if message.event not in event_types:
        raise UnreadableEvent(message.event)
    return event_types[message.event].from_payload(message.payload, message_id=message.id)


def event_handler(
    *, queue: str = "default", batch_size: int = MAX_BATCH_SIZE, aliases: Sequence[str] = ()
) -> Callable[[Callable[[Sequence[AnEvent]], str]], EventHandler[AnEvent]]:
    """
    Decorate a function (events) -> sentence as a handler of events.

    It must be safe to run twice. It may raise; then it is called again with the same events, and no
    other handler runs again for them.

    :param aliases: its names in rows and queues of earlier releases.
    """

    def decorate(function: Callable[[Sequence[AnEvent]], str]) -> EventHandler[AnEvent]:
        name = f"{function.__module__}.{function.__name__}"
        handler = EventHandler(name, function, queue, batch_size)
        for alias in (name, *aliases):
            handlers[alias] = handler
            _register_single_task(alias)
        return handler

    return decorate


def _register_single_task(name: str) -> None:
    """
    Register a task for messages of release 0.1, which name one row and one handler each.

    To be removed in 0.3, when no queue can hold such a message any more. Only the id of the row is used;
    everything else in the message is ignored.
    """

    @shared_task(name=name)
    def handle_single_message(message_id: int, **_: object) -> str:
        return handle([message_id])


def handlers_for(message: Message) -> list[EventHandler]:
    """
    Return the handlers that must still handle a row, in the order in which they are subscribed.

    :raises LookupError: this release does not know the event or the handler; another release may.
    """
    names = [message.task] if message.task else subscriptions[message.event]
    return [handlers[name] for name in names]


class Failure(NamedTuple):
    """
    A row that a handler could not handle. `is_transient`: only waiting can help.
    """

    message: Message
    handler: EventHandler
    is_transient: bool


def handle(message_ids: Sequence[int]) -> str:
    """
    Call every handler of these rows, finish the rows, and return a sentence about it.

    The rows decide, not the message that named them: ids without a row are ignored, and events are read
    from their rows. A handler is called once for all of its rows, so ten likes of one tweet read that
    tweet once.

    Rows are deleted last, when the database and the caches have the changes: if a process dies
    before that, its events are handled again. The rows of a handler that failed stay, for that handler only.

    If the rows themselves cannot be read or finished (a lock timed out, a deadlock), they are published
    again soon, as after a transient error, because the broker regards a task that raised as done.
    """
    try:
        return _handle(message_ids)
    except Exception:
        _retry_soon(message_ids)
        raise


def _retry_soon(message_ids: Sequence[int]) -> None:
    """
    Publish rows again within seconds, as soon as the database is available again.

    If that takes longer, the relay publishes the rows again after two minutes.
    """
    ends_at = time.monotonic() + DATABASE_WAIT
    while True:
        try:
            return OutboxService.retry_soon(message_ids=message_ids, is_transient=True)
        except TRANSIENT_ERRORS:
            if time.monotonic() > ends_at:
                raise
            time.sleep(DATABASE_PAUSE)
            if not connection.in_atomic_block:
                close_old_connections()


def _handle(message_ids: Sequence[int]) -> str:
    if not connection.in_atomic_block:
        close_old_connections()
    messages = list(Message.objects.filter(id__in=message_ids).order_by("id"))
    waiting: dict[EventHandler, list[Message]] = {}
    for message in list(messages):
        try:
            for handler in handlers_for(message):
                waiting.setdefault(handler, []).append(message)
        except LookupError:
            logger.exception("this release has no handler for message %s (%s)", message.id, message)
            messages.remove(message)
    sentences: list[str] = []
    failures: list[Failure] = []
    for handler, wanted in waiting.items():
        failures += _run(handler, wanted, sentences)
    _finish(messages, failures)
    return "; ".join(sentences) or "nothing is left to do"


def _finish(messages: list[Message], failures: list[Failure]) -> None:
    failed: dict[int, list[Failure]] = {}
    for failure in failures:
        failed.setdefault(failure.message.id, []).append(failure)
    OutboxService.finish(message_ids=[message.id for message in messages if message.id not in failed])
    # Rows with the same event and the same failed handlers are changed together.
    fates: dict[tuple[str, tuple[str, ...], bool], list[Message]] = {}
    for message in messages:
        if own := failed.get(message.id):
            names = tuple(failure.handler.name for failure in own)
            is_transient = all(failure.is_transient for failure in own)
            fates.setdefault((message.event, names, is_transient), []).append(message)
    for (_, names, is_transient), group in fates.items():
        OutboxService.restrict_to_handlers(messages=group, names=names)
        OutboxService.retry_soon(message_ids=[message.id for message in group], is_transient=is_transient)


def _run(handler: EventHandler, messages: list[Message], sentences: list[str]) -> list[Failure]:
    """
    Run one handler and return what failed.

    After a transient error (a deadlock, a cache or HBase that is away) it tries three times at once, and then
    leaves the rows to the relay for as long as the error lasts. After another error it halves the rows
    until the faulty one is alone, so that the others need not wait for it.
    """
    for attempt in range(1, QUICK_TRIES + 1):
        started = time.perf_counter()
        try:
            with _use_request_id(messages):
                sentences.append(handler(messages))
            count_handled(handler.name, "success", len(messages), time.perf_counter() - started)
            return []
        except TRANSIENT_ERRORS as error:
            if attempt == QUICK_TRIES or connection.in_atomic_block:
                logger.warning("%s of %s waits: %r", handler.name, _describe(messages), error)
            else:
                time.sleep(random.uniform(0.05, 0.3) * attempt)
        except Exception:
            if len(messages) == 1:
                logger.exception("%s of %s failed", handler.name, _describe(messages))
                count_handled(handler.name, "left", 1, time.perf_counter() - started)
                return [Failure(messages[0], handler, is_transient=False)]
            middle = len(messages) // 2
            return _run(handler, messages[:middle], sentences) + _run(handler, messages[middle:], sentences)
    count_handled(handler.name, "left", len(messages), time.perf_counter() - started)
    return [Failure(message, handler, is_transient=True) for message in messages]


def _describe(messages: list[Message]) -> str:
    return str(messages[0]) if len(messages) == 1 else f"{len(messages)} messages from {messages[0].id} on"


@contextmanager
def _use_request_id(messages: list[Message]) -> Iterator[None]:
    """
    Give the logs and events of a handler the id of the request that caused these rows: the id of the first row.
    """
    token = current_request_id.set(messages[0].request_id)
    try:
        yield
    finally:
        current_request_id.reset(token)


@task_prerun.connect
def adopt_request_id(task: Task, **_: object) -> None:
    """
    Give the running task the id of the request that caused it, for Celery's own log lines.
    """
    # In a worker, the relay's header is an attribute of the request; in an eager task, it is among the headers.
    request_id = task.request.get("request_id") or (task.request.headers or {}).get("request_id") or "-"
    task.request.outer_request_id = current_request_id.set(request_id)


@task_postrun.connect
def drop_request_id(task: Task, **_: object) -> None:
    """
    Reset the request id, after Celery's last log line about this task and before the worker's next task.
    """
    current_request_id.reset(task.request.outer_request_id)
