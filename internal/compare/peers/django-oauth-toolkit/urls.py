"""The endpoints of the toolkit, where its documentation puts them."""

from django.urls import include, path
from oauth2_provider import urls as toolkit

urlpatterns = [path("o/", include((toolkit.base_urlpatterns, toolkit.app_name)))]
