"""A site made with FastAPI, which speaks ASGI, behind a2wsgi."""

import asyncio
import hashlib
import time

from a2wsgi import ASGIMiddleware
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

site = FastAPI()


class Item(BaseModel):
    name: str
    price: float


@site.get("/")
async def home(request: Request):
    await asyncio.sleep(0.001)
    return {"url": str(request.url), "client": request.client.host}


@site.get("/blocking")
def blocking():
    time.sleep(0.001)
    return "done"


@site.post("/items")
async def items(item: Item):
    return {"name": item.name.upper(), "price": item.price * 2}


@site.post("/digest")
async def digest(request: Request):
    found = hashlib.sha256()
    async for piece in request.stream():
        found.update(piece)
    return found.hexdigest()


@site.get("/count")
async def count(to: int):
    async def lines():
        for number in range(to):
            yield f"{number}\n"
            await asyncio.sleep(0.0001)

    return StreamingResponse(lines(), media_type="text/plain")


application = ASGIMiddleware(site)
