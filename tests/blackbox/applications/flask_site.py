"""A site made with Flask, as one would write it for any WSGI server."""

import hashlib
import io
import time

from flask import Flask, abort, redirect, request, send_file, session, url_for

application = Flask(__name__)
application.secret_key = "only for tests"


@application.get("/")
def home():
    return f"<p>at {url_for('home')}, {url_for('home', _external=True)}</p>"


@application.post("/echo")
def echo():
    return request.get_data(), {"X-Length": str(request.content_length)}


@application.post("/digest")
def digest():
    """Reads as it comes."""
    found = hashlib.sha256()
    while piece := request.stream.read(65536):
        found.update(piece)
    return found.hexdigest()


@application.post("/form")
def form():
    file = request.files["file"]
    return {"name": request.form["name"], "file": file.filename, "size": len(file.read())}


@application.get("/count")
def count():
    to = int(request.args["to"])

    def lines():
        for number in range(to):
            yield f"{number}\n"
            time.sleep(0.001)

    return lines(), {"Content-Type": "text/plain"}


@application.get("/file")
def file():
    return send_file(
        io.BytesIO(bytes(range(256)) * 1000), "application/octet-stream", etag="abc", conditional=True
    )


@application.get("/disk")
def disk():
    return send_file(request.args["path"], conditional=True)


@application.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


@application.get("/moved")
def moved():
    return redirect(url_for("home"))


@application.get("/user")
def user():
    return f"{request.remote_user} {request.authorization}"


@application.get("/missing")
def missing():
    abort(404)


@application.get("/mistake")
def mistake():
    raise KeyError("not there")
