"""An application that forks, in all the ways in which applications do, and comes to know what its children are like."""

import multiprocessing
import os
import signal
import subprocess
import time
import urllib.request
from urllib.parse import unquote


def application(environ, start_response):
    name, argument = environ["PATH_INFO"][1:], unquote(environ["QUERY_STRING"])
    body = str(ACTIONS[name](argument, environ))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]


def pid(_argument, _environ):
    return os.getpid()


def leave_behind(_argument, _environ):
    """A child that outlives the request, and the worker. It waits as Python does: cooperatively if that was patched."""
    child = os.fork()
    if not child:
        while True:
            time.sleep(0.01)
    return child


def ask(url, environ):
    """What a child is told by a server that it asks, after it has said so in the error log."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        environ["wsgi.errors"].write("a child asks\n")
        with urllib.request.urlopen(url) as reply:
            os.write(writing, reply.read())
        os._exit(0)
    os.close(writing)
    # In a patched Python others are served meanwhile; reading from the pipe first would stop all.
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


def come_back_twice(_argument, _environ):
    os.fork()
    return "here"


def square(number):
    return number * number


def pool(_argument, _environ):
    with multiprocessing.get_context("fork").Pool(2) as made:
        return made.map_async(square, [1, 2, 3]).get(20)


def end(_argument, _environ):
    """How a child ends that is sent a signal."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b".")
        while True:
            time.sleep(0.01)
    os.read(reading, 1)
    os.close(reading)
    os.close(writing)
    os.kill(child, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def program(_argument, _environ):
    """What descriptors a program is given."""
    return subprocess.run(
        ["/bin/sh", "-c", "ls /proc/$$/fd"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


ACTIONS = {
    action.__name__: action for action in (pid, leave_behind, ask, come_back_twice, pool, end, program)
}
