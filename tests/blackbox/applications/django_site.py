"""A site made with Django in one file, with a database of its own."""

import hashlib
import io
import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    SECRET_KEY="only for tests",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.middleware.security.SecurityMiddleware"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SITE_DB", ":memory:")}
    },
    LOGGING={  # Django itself would send mail
        "version": 1,
        "handlers": {"stderr": {"class": "logging.StreamHandler"}},
        "loggers": {"django": {"handlers": ["stderr"]}},
    },
    DATA_UPLOAD_MAX_MEMORY_SIZE=10 << 20,
)
django.setup()


class Item(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "site"


def home(request):
    return HttpResponse(
        f"{request.build_absolute_uri('/x')} {request.is_secure()} {request.path} {request.path_info}"
    )


@csrf_exempt
def digest(request):
    return HttpResponse(hashlib.sha256(request.body).hexdigest())


@csrf_exempt
def form(request):
    file = request.FILES["file"]
    return JsonResponse({"name": request.POST["name"], "file": file.name, "size": file.size})


def items(_request):
    with connection.schema_editor() as editor:
        editor.create_model(Item)
    Item.objects.create(name="apple")
    Item.objects.create(name="pear")
    found = list(Item.objects.order_by("-name").values_list("name", flat=True))
    with connection.schema_editor() as editor:
        editor.delete_model(Item)
    return JsonResponse(found, safe=False)


def count(request):
    return StreamingHttpResponse(
        (f"{number}\n" for number in range(int(request.GET["to"]))), content_type="text/plain"
    )


def disk(request):
    return FileResponse(open(request.GET["path"], "rb"))  # noqa: PTH123 - Django closes it


def memory(_request):
    return FileResponse(io.BytesIO(b"in memory" * 10000))


def mistake(_request):
    raise KeyError("not there")


urlpatterns = [
    path(name, view)
    for name, view in (
        ("", home),
        ("digest", digest),
        ("form", form),
        ("items", items),
        ("count", count),
        ("disk", disk),
        ("memory", memory),
        ("mistake", mistake),
    )
]
application = get_wsgi_application()
