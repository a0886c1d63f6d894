from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CertificatesConfig(AppConfig):
    name = "certificates"
    verbose_name = _("Certificates")

    def ready(self) -> None:
        from certificates import catalogue, contributions  # noqa: F401  registers with the portal
        from certificates.search import sql as search

        post_migrate.connect(catalogue.load_after_migrate, sender=self, dispatch_uid="certificates.catalogue")
        post_migrate.connect(search.install_after_migrate, sender=self, dispatch_uid="certificates.search")
