"""Addresses of links as staff hand them out, and of what customers say on the telephone."""

from __future__ import annotations

from django.urls import path

from certificates.views import answers, letting_in, renewal_links

urlpatterns = [
    path("orders/<int:pk>/link/", renewal_links.order_link_copy, name="order_link_copy"),
    path("orders/<int:pk>/link/send/", renewal_links.order_link_send, name="order_link_send"),
    path("contacts/<int:pk>/link/send/", renewal_links.contact_link_send, name="contact_link_send"),
    path("contacts/<int:pk>/sign-in/", letting_in.contact_sign_in, name="contact_sign_in"),
    path("links/<int:pk>/take-back/", renewal_links.link_take_back, name="link_take_back"),
    path("orders/<int:pk>/answer/", answers.order_answer, name="order_answer"),
    path("orders/<int:pk>/answer/undo/", answers.order_answer_undo, name="order_answer_undo"),
]
