"""A module of the server that imports, long before any application, what applications want to have patched."""

import concurrent.futures
import http.client
import ssl
import urllib.request

import requests
import urllib3

from prefork_ssl.kernel.module import Module

IMPORTED = (concurrent.futures, http.client, ssl, urllib.request, requests, urllib3)

module = Module(name="greedy_module")
