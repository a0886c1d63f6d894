"""Addresses of the price list, of what was agreed with customers, and of how the house sells."""

from __future__ import annotations

from django.urls import path

from offers.views.prices import bulk as price_bulk
from offers.views.prices import files as price_files
from offers.views.prices import levels, sales
from offers.views.prices import lists as pricelist

urlpatterns = [
    path("prices/", pricelist.prices, name="prices"),
    path("prices/export/", price_files.price_export, name="price_export"),
    path("prices/import/", price_files.price_import, name="price_import"),
    path("prices/import/confirm/", price_files.price_import_confirm, name="price_import_confirm"),
    path("prices/raise/", price_bulk.price_raise, name="price_raise"),
    path("prices/fill/", price_bulk.price_fill, name="price_fill"),
    path("prices/levels/", levels.price_levels, name="price_levels"),
    path("prices/levels/<int:pk>/", levels.price_level, name="price_level"),
    path("prices/levels/<int:pk>/move/", levels.price_level_move, name="price_level_move"),
    path("prices/levels/<int:pk>/delete/", levels.price_level_delete, name="price_level_delete"),
    path("prices/undo/<str:token>/", pricelist.price_undo, name="price_undo"),
    path("prices/row/<int:pk>/drop/", pricelist.price_drop, name="price_drop"),
    path("prices/<slug:product>/", pricelist.ProductPricesPage.as_view(), name="product_prices"),
    path("prices/<slug:product>/<int:years>/", pricelist.price_edit, name="price_edit"),
    path("customers/<int:pk>/terms/", sales.customer_terms, name="customer_terms"),
    path("settings/sales/", sales.sales, name="sales"),
]
