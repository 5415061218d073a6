"""Makes the database and fills it with an application, users and their tokens."""

import os
import uuid
from datetime import timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import (  # noqa: E402
    AccessToken,
    Application,
    RefreshToken,
)
from oauthlib.common import generate_token  # noqa: E402

BATCH = 1000
SCOPE = "read write"


def make_application():
    """The one client, which may fetch tokens for itself and refresh."""
    return Application.objects.create(
        client_id=os.environ["COMPARE_CLIENT_ID"],
        client_secret=os.environ["COMPARE_CLIENT_SECRET"],
        hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        name="bench",
    )


def make_grants(application, first, count):
    """A user, an access token and a refresh token for each; gives lines of both tokens."""
    users = get_user_model().objects.bulk_create(
        get_user_model()(username=f"user-{n}", password="!") for n in range(first, first + count)
    )
    expires = timezone.now() + timedelta(hours=1)
    access = AccessToken.objects.bulk_create(
        AccessToken(user=user, application=application, token=generate_token(), expires=expires, scope=SCOPE)
        for user in users
    )
    refresh = RefreshToken.objects.bulk_create(
        RefreshToken(
            user=a.user,
            application=application,
            token=generate_token(),
            access_token=a,
            token_family=uuid.uuid4(),
        )
        for a in access
    )
    return [f"{a.token} {r.token}\n" for a, r in zip(access, refresh)]


def main():
    call_command("migrate", verbosity=0)
    application = make_application()
    grants = int(os.environ["COMPARE_GRANTS"])
    with (
        open(os.environ["COMPARE_TOKENS"], "w", opener=lambda p, f: os.open(p, f, 0o600)) as out,
        transaction.atomic(),
    ):
        for first in range(0, grants, BATCH):
            out.writelines(make_grants(application, first, min(BATCH, grants - first)))


main()
