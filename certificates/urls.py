"""Addresses of certificates."""

from __future__ import annotations

from django.urls import path

from certificates.views import (
    bulk,
    customers,
    domains,
    expiring,
    orders,
    organizations,
    publishing,
    quick_view,
    request_list,
    requests,
    saved_views,
)

app_name = "certificates"
urlpatterns = [
    path("requests/", request_list.RequestsPage.as_view(), name="requests"),
    path("requests/<int:pk>/", requests.request, name="request"),
    path("requests/<int:pk>/approve/", requests.request_approve, name="request_approve"),
    path("requests/<int:pk>/reject/", requests.request_reject, name="request_reject"),
    path("requests/<int:pk>/retry/", requests.request_retry, name="request_retry"),
    path("requests/<int:pk>/cancel/", requests.request_cancel, name="request_cancel"),
    path("requests/<int:pk>/validate/", requests.request_validate, name="request_validate"),
    path("orders/", orders.OrdersPage.as_view(), name="orders"),
    path("orders/<int:pk>/", orders.order, name="order"),
    path("orders/<int:pk>/note/", orders.order_note, name="order_note"),
    path("orders/<int:pk>/renewed/", orders.mark_renewed, name="mark_renewed"),
    path("orders/<int:pk>/not-renewed/", orders.unmark_renewed, name="unmark_renewed"),
    path("orders/<int:pk>/auto-renew/", orders.auto_renew, name="auto_renew"),
    path("certificates/<int:pk>/download/<slug:fmt>/", orders.download, name="download"),
    path("domains/", domains.DomainsPage.as_view(), name="domains"),
    path("organizations/", organizations.OrganizationsPage.as_view(), name="organizations"),
    path("customers/", customers.CustomersPage.as_view(), name="customers"),
    path("customers/new/", customers.customer_new, name="customer_new"),
    path("customers/<int:pk>/", customers.customer, name="customer"),
    path("customers/<int:pk>/edit/", customers.customer_edit, name="customer_edit"),
    path("customers/<int:pk>/note/", customers.customer_note, name="customer_note"),
    path("customers/<int:pk>/owner/", customers.customer_owner, name="customer_owner"),
    path("customers/<int:pk>/contacts/new/", customers.contact_new, name="contact_new"),
    path("contacts/<int:pk>/", customers.contact_edit, name="contact_edit"),
    path("expiring/", expiring.ExpiringPage.as_view(), name="expiring"),
    path("expiring/bulk/", expiring.ExpiringBulk.as_view(), name="bulk"),
    path("expiring/bulk/undo/<str:token>/", bulk.undo, name="undo_bulk"),
    path("orders/<int:pk>/quick/", quick_view.quick_view, name="quick_view"),
    path("orders/<int:pk>/notices/", quick_view.order_notices, name="order_notices"),
    path("views/<slug:page>/", saved_views.saved_views, name="saved_views"),
    path("views/<slug:page>/save/", saved_views.save_view, name="save_view"),
    path("views/<int:pk>/delete/", saved_views.delete_view, name="delete_view"),
    path("sandbox-ca/ocsp", publishing.ocsp, name="ocsp"),
    path("sandbox-ca/ocsp/<path:encoded>", publishing.ocsp, name="ocsp_get"),
    path("sandbox-ca/<str:name>", publishing.published, name="published"),
]
