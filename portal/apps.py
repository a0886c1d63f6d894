"""The ground as a Django app; it loads the Celery app, so that every process publishes to the same one."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from portal.celery import app as celery_app

__all__ = ["PortalConfig", "celery_app"]


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from portal import cache, checks, navigation, signing_in, sql, verification  # noqa: F401  checks register on import
        from portal.views import mail_events

        navigation.register()
        signing_in.register()
        verification.register()
        mail_events.register()
        pre_migrate.connect(sql.lift_before_migrate, dispatch_uid="portal.sql.lift")
        post_migrate.connect(sql.guard_after_migrate, dispatch_uid="portal.sql.guard")
        post_migrate.connect(cache.make_table, sender=self, dispatch_uid="portal.cache.table")
