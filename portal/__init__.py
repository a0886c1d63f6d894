"""The ground: partners, people, access, branding, mail, links. It names the other apps only as strings.

It imports nothing, so that `python3 -m portal.setup` runs before anything is installed; the Celery app is
loaded by portal.apps.
"""
