"""A Flask application that waits in many ways, most of them for another request to the same worker."""

import json
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import references
import requests
from flask import Flask, request
from gevent import monkey

application = Flask(__name__)
meetings = {}
enough = set()
places = threading.Lock()
local = threading.local()


@application.get("/patched")
def patched():
    return {
        "modules": [
            name
            for name in ("socket", "ssl", "threading", "time", "select")
            if monkey.is_module_patched(name)
        ],
        "references": references.unpatched(),
    }


@application.get("/meet/<name>/<int:number>")
def meet(name, number):
    """Waits until so many requests are here, and each of them has its own thread-local."""
    with places:
        barrier = meetings.setdefault(name, threading.Barrier(number))
    local.place = own = barrier.wait(10)
    barrier.wait(10)
    time.sleep(0.001)
    return str(local.place) if local.place == own else "mixed up"


@application.get("/ask")
def ask():
    """The answer of another request."""
    return requests.get(request.args["url"], verify=request.args.get("ca", True), timeout=10).text


@application.get("/ask_urllib")
def ask_urllib():
    context = ssl.create_default_context(cafile=request.args["ca"])
    return urllib.request.urlopen(request.args["url"], context=context, timeout=10).read()


@application.get("/thread")
def thread():
    """What a thread asks, while this waits for it."""
    answers = queue.Queue()
    url = request.args["url"]
    threading.Thread(target=lambda: answers.put(requests.get(url, timeout=10).text)).start()
    return answers.get(timeout=10)


@application.get("/program")
def program():
    return subprocess.run(["/bin/sh", "-c", "sleep 0.01; echo done"], capture_output=True, check=True).stdout


@application.get("/names")
def names():
    return json.dumps(socket.getaddrinfo("localhost", 80, socket.AF_INET, socket.SOCK_STREAM)[0][4])


@application.get("/hello")
def hello():
    return "hello"


@application.get("/compute/<name>")
def compute(name):
    """Computes until somebody asks for /enough/<name>. How long a thread may keep Python to itself, in seconds."""
    while name not in enough:
        sum(range(100))
    return str(sys.getswitchinterval())


@application.get("/enough/<name>")
def end_computing(name):
    enough.add(name)
    return "told"
