"""Applications that tell which they are, and where they are mounted."""

import json


def labelled(label):
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps([label, environ["SCRIPT_NAME"], environ["PATH_INFO"]]).encode()]

    return application


first = labelled("first")


class Holder:
    second = staticmethod(labelled("second"))

    @staticmethod
    def make():
        return labelled("made")
